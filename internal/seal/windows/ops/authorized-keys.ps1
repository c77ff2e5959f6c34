# operation: authorized-keys
# reason: whoever holds the build's key could enter every instance
# paths: \ProgramData\ssh\administrators_authorized_keys and .ssh\authorized_keys* of every profile but those of keep_users; the open
#   session does not need them

function authorized-keys-files {
	foreach ($item in @(GaNamed (Join-Path $env:ProgramData 'ssh') @('administrators_authorized_keys*'))) { $item.FullName }
	foreach ($folder in @(GaProfiles)) {
		if ($GaKeepUsers -contains [IO.Path]::GetFileName($folder)) { continue }
		foreach ($item in @(GaNamed (Join-Path $folder '.ssh') @('authorized_keys*'))) { $item.FullName }
	}
}

function seal-authorized-keys { GaDrop @(authorized-keys-files) }

function check-authorized-keys { GaLeft @(authorized-keys-files) }
