# operation: logs
# reason: lines of the build, with addresses, names and what programs were given
# paths: logs of OpenSSH, IIS, HTTP.sys, the firewall, cfn-init, Chocolatey and DISM, \Windows\debug with the joining of domains

function logs-trees {
	Join-Path $env:ProgramData 'ssh\logs'
	Join-Path $env:ProgramData 'chocolatey\logs'
	Join-Path $env:SystemDrive '\inetpub\logs\LogFiles'
	Join-Path $env:SystemDrive '\cfn\log'
	Join-Path $env:SystemRoot 'System32\LogFiles\HTTPERR'
	Join-Path $env:SystemRoot 'System32\LogFiles\Firewall'
	Join-Path $env:SystemRoot 'Logs\DISM'
	Join-Path $env:SystemRoot 'debug'
}

function seal-logs {
	foreach ($dir in @(logs-trees)) { GaClear $dir }
}

function check-logs {
	foreach ($dir in @(logs-trees)) { GaLeftBelow $dir }
}
