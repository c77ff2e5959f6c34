# operation: histories
# reason: commands typed during the build, with the passwords typed on their lines
# paths: in every profile: PSReadLine, PowerShell transcripts, Recent with its jump lists, histories of shells, editors, databases and REPLs; what the
#   Run box and Explorer's address bar remember of users who are logged in; the folder that transcription's policy names

$GaHistoryNames = @('.bash_history', '.python_history', '.node_repl_history', '.lesshst', '_lesshst', '.viminfo', '_viminfo', '.irb_history', '.mysql_history', '.rediscli_history', '.sqlite_history', '.Rhistory', '.wget-hsts')
$GaExplorerKeys = @('RunMRU', 'TypedPaths', 'RecentDocs')

function histories-files {
	foreach ($folder in @(GaProfiles)) {
		foreach ($name in $GaHistoryNames) { Join-Path $folder $name }
		Join-Path $folder 'AppData\Roaming\postgresql\psql_history'
		Join-Path $folder 'AppData\Roaming\mongodb\mongosh\mongosh_repl_history'
		foreach ($item in @(GaNamed (Join-Path $folder 'AppData\Roaming\Microsoft\Windows\PowerShell\PSReadLine') @('*_history.txt'))) { $item.FullName }
		$recent = Join-Path $folder 'AppData\Roaming\Microsoft\Windows\Recent'
		foreach ($item in @(GaNamed $recent @('*.lnk'))) { $item.FullName }
		foreach ($name in 'AutomaticDestinations', 'CustomDestinations') {
			foreach ($item in @(GaNamed (Join-Path $recent $name) @('*.*Destinations-ms'))) { $item.FullName }
		}
		foreach ($dir in @(histories-transcripts (Join-Path $folder 'Documents'))) {
			foreach ($item in @(GaNamed $dir @('PowerShell_transcript*'))) { $item.FullName }
		}
	}
	$policy = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\PowerShell\Transcription'
	if (-not (GaHasValue $policy 'OutputDirectory')) { return }
	$output = [string](Get-Item -LiteralPath $policy).GetValue('OutputDirectory')
	if (-not [IO.Path]::IsPathRooted($output)) { return }
	foreach ($dir in @(histories-transcripts $output)) {
		foreach ($item in @(GaNamed $dir @('PowerShell_transcript*'))) { $item.FullName }
	}
}

# histories-transcripts DIR: the folder itself, and those in it that are named by a day.
function histories-transcripts([string]$dir) {
	$dir
	foreach ($item in @(GaNamed $dir @('20[0-9][0-9][0-9][0-9][0-9][0-9]'))) {
		if ($item.PSIsContainer) { $item.FullName }
	}
}

function histories-keys {
	foreach ($hive in @(GaHives)) {
		foreach ($name in $GaExplorerKeys) {
			$key = $hive + '\Software\Microsoft\Windows\CurrentVersion\Explorer\' + $name
			if (Test-Path -LiteralPath $key) { $key }
		}
	}
}

function seal-histories {
	GaDestroy @(histories-files)
	foreach ($key in @(histories-keys)) {
		Remove-Item -LiteralPath $key -Recurse -Force
		$GaRun['Removed'] += 1
	}
}

function check-histories {
	GaLeft @(histories-files)
	foreach ($key in @(histories-keys)) { GaEvidence $key }
}
