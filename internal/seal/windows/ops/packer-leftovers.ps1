# operation: packer-leftovers
# reason: Packer's own scripts and variable files hold the passwords that provisioners were given
# paths: packer-ps-env-vars-*, script-*.ps1, packer-elevated-shell-*, winrmcp-* and others of Packer's in \Windows\Temp and in
#   the Temp of every profile, overwritten; scheduled tasks named packer-*

$GaPackerNames = @('packer-ps-env-vars-*', 'packer-elevated-shell-*', 'packer-windows-update-*', 'packer-shell*', 'script-*.ps1', 'script-*.bat', 'winrmcp-*.tmp', 'goldenami-seal-*.ps1')

function packer-leftovers-files {
	foreach ($dir in @(GaTempFolders)) {
		foreach ($item in @(GaNamed $dir $GaPackerNames)) {
			if (-not $item.PSIsContainer) { $item.FullName }
		}
	}
}

function packer-leftovers-tasks { Get-ScheduledTask -TaskName 'packer-*' -ErrorAction SilentlyContinue }

function seal-packer-leftovers {
	GaDestroy @(packer-leftovers-files)
	foreach ($task in @(packer-leftovers-tasks)) {
		Unregister-ScheduledTask -InputObject $task -Confirm:$false
		$GaRun['Removed'] += 1
	}
}

function check-packer-leftovers {
	GaLeft @(packer-leftovers-files)
	foreach ($task in @(packer-leftovers-tasks)) { GaEvidence ('the scheduled task ' + $task.TaskName) }
}
