# operation: ssh-host-keys
# reason: whoever has the image could pose as every instance
# paths: \ProgramData\ssh\ssh_host_*, overwritten; sshd makes them again when it starts, and until then may take no new connection

function ssh-host-keys-files {
	foreach ($item in @(GaNamed (Join-Path $env:ProgramData 'ssh') @('ssh_host_*'))) {
		if (-not $item.PSIsContainer) { $item.FullName }
	}
}

function seal-ssh-host-keys { GaDestroy @(ssh-host-keys-files) }

function check-ssh-host-keys { GaLeft @(ssh-host-keys-files) }
