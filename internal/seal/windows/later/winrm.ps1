# later: winrm
# reason: it is the way in while the image is built; every instance would listen with the build's certificate and settings
#
# Read from the registry, where it stands even while the service is stopped.

$GaWsman = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\WSMAN'

function later-winrm {
	$listeners = $GaWsman + '\Listener'
	if (Test-Path -LiteralPath $listeners) {
		foreach ($key in @(Get-ChildItem -LiteralPath $listeners)) {
			$text = 'listener ' + $key.PSChildName
			$thumbprint = [string]$key.GetValue('certThumbprint')
			if ($thumbprint -ne '') { $text += ', certificate ' + $thumbprint }
			GaLater $text
		}
	}
	foreach ($name in 'auth_basic', 'auth_credssp', 'allow_unencrypted') { winrm-setting ($GaWsman + '\Service') $name }
	winrm-setting 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System' 'LocalAccountTokenFilterPolicy'
	$policy = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\WinRM\Service'
	foreach ($name in 'AllowBasic', 'AllowCredSSP', 'AllowUnencryptedTraffic') { winrm-setting $policy $name }
	winrm-setting ($GaWsman + '\Client') 'allow_unencrypted'
	winrm-firewall
}

# winrm-firewall: Windows has no rule of its own for WinRM over HTTPS.
function winrm-firewall {
	$rules = Get-Item -LiteralPath 'HKLM:\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules'
	foreach ($name in @($rules.GetValueNames())) {
		$rule = [string]$rules.GetValue($name)
		if (($rule -like '*|Action=Allow|*') -and ($rule -like '*|Active=TRUE|*') -and ($rule -like '*|Dir=In|*') -and ($rule -like '*|LPort=5986|*')) {
			GaLater ('firewall rule ' + $name + ' for port 5986')
		}
	}
}

# winrm-setting KEY NAME: a switch that is on.
function winrm-setting([string]$key, [string]$name) {
	if ((GaHasValue $key $name) -and ([string](Get-Item -LiteralPath $key).GetValue($name) -eq '1')) { GaLater ($key + '\' + $name) }
}
