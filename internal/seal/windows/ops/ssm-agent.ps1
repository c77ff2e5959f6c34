# operation: ssm-agent
# reason: clones would fight over one registration with Systems Manager, or inherit its key
# paths: Vault, InstanceData and Logs in \ProgramData\Amazon\SSM, Vault overwritten; AmazonSSMAgent is stopped until the next boot
#
# Not while a session of Systems Manager is open: it may carry us. Then the agent is
# left for sysprep.

function ssm-agent-folder { return (Join-Path $env:ProgramData 'Amazon\SSM') }

function seal-ssm-agent {
	if ((GaOverSessionManager) -or -not [IO.Directory]::Exists((ssm-agent-folder))) { return }
	GaStop 'AmazonSSMAgent'
	GaWipe (Join-Path (ssm-agent-folder) 'Vault')
	GaClear (Join-Path (ssm-agent-folder) 'InstanceData')
	GaClear (Join-Path (ssm-agent-folder) 'Logs')
}

function check-ssm-agent {
	if (GaOverSessionManager) { return }
	GaSecretBelow (Join-Path (ssm-agent-folder) 'Vault')
	GaLeftBelow (Join-Path (ssm-agent-folder) 'InstanceData')
	GaLeftBelow (Join-Path (ssm-agent-folder) 'Logs')
}
