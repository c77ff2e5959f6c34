# later: launch-agent
# reason: until its state is reset, an instance gets no password of its own and runs no user data
#
# Tasks that run once are passed over while this file is there. The first version
# notes in its configuration that it is done.

function later-launch-agent {
	$once = Join-Path $env:ProgramData 'Amazon\EC2Launch\state\.run-once'
	if ([IO.File]::Exists($once)) { GaLater $once }
	$file = Join-Path $env:ProgramData 'Amazon\EC2-Windows\Launch\Config\LaunchConfig.json'
	if ((GaLaunchAgent) -eq 'EC2Launch v1' -and [IO.File]::Exists($file)) {
		$text = [IO.File]::ReadAllText($file)
		if ($text -match '"adminPasswordType"\s*:\s*"DoNothing"') { GaLater ($file + ': adminPasswordType') }
		if ($text -match '"handleUserData"\s*:\s*false') { GaLater ($file + ': handleUserData') }
	}
}
