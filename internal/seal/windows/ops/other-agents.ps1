# operation: other-agents
# reason: clones would fight over one registration, or inherit what it allows
# paths: Wazuh's client.keys, which is emptied, meta.json of Elastic Beats, Tailscale's state, ids of Docker and Splunk's forwarder, Configuration
#   Manager's SMSCFG.ini, data of cfn-init and cfn-hup, instructions and logs of CodeDeploy; services that write theirs again are stopped until
#   the next boot. CrowdStrike's sensor is a warning

function other-agents-programs {
	foreach ($name in 'ProgramFiles', 'ProgramFiles(x86)') {
		$dir = [Environment]::GetEnvironmentVariable($name)
		if ($dir) { $dir }
	}
}

# other-agents-files: a service that must not run meanwhile, or nothing, and its file, one
# after the other.
function other-agents-files {
	foreach ($dir in @(other-agents-programs)) {
		'SplunkForwarder'
		Join-Path $dir 'SplunkUniversalForwarder\etc\instance.cfg'
	}
	''
	Join-Path $env:ProgramData 'Tailscale\server-state.conf'
	''
	Join-Path $env:ProgramData 'docker\config\key.json'
	''
	Join-Path $env:ProgramData 'docker\engine-id'
	'CcmExec'
	Join-Path $env:SystemRoot 'SMSCFG.ini'
	''
	Join-Path $env:SystemDrive '\cfn\cfn-init\resume_db.json'
	foreach ($item in @(GaNamed $env:ProgramData @('*beat'))) {
		if (-not $item.PSIsContainer) { continue }
		$item.Name
		Join-Path $item.FullName 'meta.json'
	}
}

function other-agents-trees {
	Join-Path $env:SystemDrive '\cfn\cfn-init\data'
	Join-Path $env:SystemDrive '\cfn\cfn-hup\data'
	Join-Path $env:ProgramData 'Amazon\CodeDeploy\deployment-instructions'
	Join-Path $env:ProgramData 'Amazon\CodeDeploy\log'
	foreach ($dir in @(other-agents-programs)) { Join-Path $dir 'ossec-agent\rids' }
}

# other-agents-keys: files with something in them that must be there, but empty, for
# their agent to enrol.
function other-agents-keys {
	foreach ($dir in @(other-agents-programs)) {
		foreach ($item in @(GaNamed (Join-Path $dir 'ossec-agent') @('client.keys'))) {
			if (($item.Length -gt 0) -and -not (GaKept $item.FullName)) { $item }
		}
	}
}

function other-agents-empty($item) {
	GaStop 'WazuhSvc'
	if (GaIsLink $item) {
		GaFail ($item.FullName + ' is a link, so it is not touched')
		return
	}
	GaOverwrite $item
	[IO.File]::Open($item.FullName, [IO.FileMode]::Truncate).Dispose()
	$GaRun['Removed'] += 1
	$GaRun['Bytes'] += $item.Length
}

function seal-other-agents {
	foreach ($item in @(other-agents-keys)) {
		try { other-agents-empty $item } catch { GaFail ($item.FullName + ': ' + (GaWhy $_)) }
	}
	$list = @(other-agents-files)
	for ($i = 0; $i -lt $list.Count; $i += 2) {
		$path = $list[$i + 1]
		if (-not [IO.File]::Exists($path) -or (GaKept $path)) { continue }
		if ($list[$i] -ne '') { GaStop $list[$i] }
		GaDestroy @($path)
	}
	foreach ($dir in @(other-agents-trees)) { GaClear $dir }
}

function check-other-agents {
	foreach ($item in @(other-agents-keys)) { GaEvidence $item.FullName }
	$list = @(other-agents-files)
	for ($i = 1; $i -lt $list.Count; $i += 2) { GaLeft @($list[$i]) }
	foreach ($dir in @(other-agents-trees)) { GaLeftBelow $dir }
	if ([IO.Directory]::Exists((Join-Path $env:ProgramFiles 'CrowdStrike'))) {
		GaWarn 'the sensor of CrowdStrike may hold the build''s agent id, which only its installer keeps out of an image: install it with NO_START=1, and do not restart Windows before the image is made'
	}
}
