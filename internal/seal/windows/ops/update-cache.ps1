# operation: update-cache
# default: off
# reason: updates that are installed already, in every copy of the image
# paths: \Windows\SoftwareDistribution\Download; the services wuauserv and bits are stopped until the next boot

function seal-update-cache {
	GaStop 'wuauserv'
	GaStop 'bits'
	GaClear (Join-Path $env:SystemRoot 'SoftwareDistribution\Download')
}

function check-update-cache { GaLeftBelow (Join-Path $env:SystemRoot 'SoftwareDistribution\Download') }
