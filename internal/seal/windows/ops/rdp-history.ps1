# operation: rdp-history
# reason: where the build connected to, and as whom
# paths: Terminal Server Client\Default and \Servers of users who are logged in, Documents\Default.rdp of every profile

function rdp-history-keys {
	foreach ($hive in @(GaHives)) {
		foreach ($name in 'Default', 'Servers') {
			$key = $hive + '\Software\Microsoft\Terminal Server Client\' + $name
			if (Test-Path -LiteralPath $key) { $key }
		}
	}
}

function rdp-history-files {
	foreach ($folder in @(GaProfiles)) { Join-Path $folder 'Documents\Default.rdp' }
}

function seal-rdp-history {
	foreach ($key in @(rdp-history-keys)) {
		Remove-Item -LiteralPath $key -Recurse -Force
		$GaRun['Removed'] += 1
	}
	GaDrop @(rdp-history-files)
}

function check-rdp-history {
	foreach ($key in @(rdp-history-keys)) { GaEvidence $key }
	GaLeft @(rdp-history-files)
}
