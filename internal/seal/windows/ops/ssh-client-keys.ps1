# operation: ssh-client-keys
# reason: whoever starts an instance could log in where the build could, and sees where that was
# paths: private keys by their content, and known_hosts*, in .ssh of every profile, overwritten

function ssh-client-keys-files {
	foreach ($folder in @(GaProfiles)) {
		foreach ($item in @(GaItems (Join-Path $folder '.ssh'))) {
			if ($item.PSIsContainer) { continue }
			if (($item.Name -like 'known_hosts*') -or (ssh-client-keys-private $item)) { $item.FullName }
		}
	}
}

function ssh-client-keys-private($item) {
	if ($item.Length -gt 65536) { return $false }
	return ([IO.File]::ReadAllText($item.FullName) -match '-----BEGIN[A-Z0-9 ]* PRIVATE KEY|PuTTY-User-Key-File')
}

function seal-ssh-client-keys { GaDestroy @(ssh-client-keys-files) }

function check-ssh-client-keys { GaLeft @(ssh-client-keys-files) }
