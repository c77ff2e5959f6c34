# operation: update-cache
# default: off
# reason: updates that are installed already, in every copy of the image
# paths: \Windows\SoftwareDistribution\Download and the cache of Delivery Optimization; the services wuauserv, bits and DoSvc are stopped
#   until the next boot

function update-cache-trees {
	Join-Path $env:SystemRoot 'SoftwareDistribution\Download'
	Join-Path $env:SystemRoot 'ServiceProfiles\NetworkService\AppData\Local\Microsoft\Windows\DeliveryOptimization\Cache'
}

function seal-update-cache {
	GaStop 'wuauserv'
	GaStop 'bits'
	GaStop 'DoSvc'
	foreach ($dir in @(update-cache-trees)) { GaClear $dir }
}

function check-update-cache {
	foreach ($dir in @(update-cache-trees)) { GaLeftBelow $dir }
}
