# operation: salt
# reason: minions with one id and one key answer for each other
# paths: conf\pki\minion, overwritten, conf\minion_id and var\cache\salt\minion in \salt of the system drive and in \ProgramData\Salt
#   Project\Salt; the service salt-minion is stopped until the next boot

function salt-folders {
	Join-Path $env:SystemDrive '\salt'
	Join-Path $env:ProgramData 'Salt Project\Salt'
}

function seal-salt {
	foreach ($dir in @(salt-folders)) {
		if (-not [IO.Directory]::Exists((Join-Path $dir 'conf'))) { continue }
		GaStop 'salt-minion'
		GaWipe (Join-Path $dir 'conf\pki\minion')
		GaDrop @((Join-Path $dir 'conf\minion_id'))
		GaClear (Join-Path $dir 'var\cache\salt\minion')
	}
}

function check-salt {
	foreach ($dir in @(salt-folders)) {
		GaSecretBelow (Join-Path $dir 'conf\pki\minion')
		GaLeft @((Join-Path $dir 'conf\minion_id'))
		GaLeftBelow (Join-Path $dir 'var\cache\salt\minion')
	}
}
