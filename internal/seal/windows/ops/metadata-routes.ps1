# operation: metadata-routes
# reason: EC2's older launch agents keep routes to the metadata by the build's gateway, by which an instance in another subnet gets neither
#   its password nor its user data
# paths: persistent routes to 169.254.169.*, in HKLM and in the persistent store; the routes in use stay until the next boot, when the launch
#   agents make theirs
#
# What the persistent store does not let go of is a warning: an instance in the same
# subnet does without.

$GaRoutesKey = 'HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\PersistentRoutes'

function metadata-routes-values {
	if (-not (Test-Path -LiteralPath $GaRoutesKey)) { return }
	foreach ($name in @((Get-Item -LiteralPath $GaRoutesKey).GetValueNames())) {
		if ($name -like '169.254.169.*') { $name }
	}
}

function metadata-routes-stored {
	foreach ($route in @(Get-NetRoute -PolicyStore PersistentStore -ErrorAction SilentlyContinue)) {
		if ($route.DestinationPrefix -like '169.254.169.*') { $route }
	}
}

function seal-metadata-routes {
	foreach ($name in @(metadata-routes-values)) { GaForgetValue $GaRoutesKey $name }
	foreach ($route in @(metadata-routes-stored)) {
		try {
			Remove-NetRoute -InputObject $route -Confirm:$false
			$GaRun['Removed'] += 1
		} catch {
			GaNote ('the route to ' + $route.DestinationPrefix + ': ' + (GaWhy $_))
		}
	}
}

function check-metadata-routes {
	foreach ($name in @(metadata-routes-values)) { GaEvidence ($GaRoutesKey + '\' + $name) }
	foreach ($route in @(metadata-routes-stored)) {
		GaWarn ('the route to ' + $route.DestinationPrefix + ' by ' + $route.NextHop + ' is kept for the next boot; remove it by Remove-NetRoute')
	}
}
