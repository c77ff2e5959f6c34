# operation: cloudwatch-agent
# reason: it would go on where the build's logs ended, and tells of the build in its own
# paths: Logs, with the state in it, in \ProgramData\Amazon\AmazonCloudWatchAgent; the service is stopped until the next boot

function seal-cloudwatch-agent {
	if (-not [IO.Directory]::Exists((Join-Path $env:ProgramData 'Amazon\AmazonCloudWatchAgent'))) { return }
	GaStop 'AmazonCloudWatchAgent'
	GaClear (Join-Path $env:ProgramData 'Amazon\AmazonCloudWatchAgent\Logs')
}

function check-cloudwatch-agent { GaLeftBelow (Join-Path $env:ProgramData 'Amazon\AmazonCloudWatchAgent\Logs') }
