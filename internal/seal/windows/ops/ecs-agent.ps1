# operation: ecs-agent
# reason: an instance with the state of another registers as that one, or not at all
# paths: data and log in \ProgramData\Amazon\ECS; the service AmazonECS is stopped until the next boot

function seal-ecs-agent {
	if (-not [IO.Directory]::Exists((Join-Path $env:ProgramData 'Amazon\ECS'))) { return }
	GaStop 'AmazonECS'
	GaClear (Join-Path $env:ProgramData 'Amazon\ECS\data')
	GaClear (Join-Path $env:ProgramData 'Amazon\ECS\log')
}

function check-ecs-agent {
	GaLeftBelow (Join-Path $env:ProgramData 'Amazon\ECS\data')
	GaLeftBelow (Join-Path $env:ProgramData 'Amazon\ECS\log')
}
