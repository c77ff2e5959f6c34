# operation: launch-agent
# reason: logs of the build's own launch would be read as the instance's
# paths: log of EC2Launch v2, Log of EC2Launch v1, Logs of EC2Config; their configuration and answer files are never touched

function launch-agent-trees {
	Join-Path $env:ProgramData 'Amazon\EC2Launch\log'
	Join-Path $env:ProgramData 'Amazon\EC2-Windows\Launch\Log'
	Join-Path $env:ProgramData 'Amazon\Ec2Config\Logs'
	Join-Path $env:ProgramFiles 'Amazon\Ec2ConfigService\Logs'
}

function seal-launch-agent {
	foreach ($dir in @(launch-agent-trees)) { GaClear $dir }
}

function check-launch-agent {
	foreach ($dir in @(launch-agent-trees)) { GaLeftBelow $dir }
}
