# later: ssm-agent
# reason: a session of Systems Manager is open and may carry the build; clones would fight over one registration

function later-ssm-agent {
	if ((GaOverSessionManager) -and ($GaOperations -contains 'ssm-agent')) { GaLater (Join-Path $env:ProgramData 'Amazon\SSM') }
}
