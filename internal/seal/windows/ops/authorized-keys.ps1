# operation: authorized-keys
# reason: whoever holds the build's key could enter every instance
# paths: \ProgramData\ssh\administrators_authorized_keys, unless keep_users names a member of Administrators, and .ssh\authorized_keys* of
#   every profile but those of keep_users; the open session does not need them

# authorized-keys-administrator: whether keep_users names somebody whom sshd looks up in
# the file for all administrators.
function authorized-keys-administrator {
	if ($GaKeepUsers.Count -eq 0) { return $false }
	$group = Get-CimInstance -ClassName Win32_Group -Filter "LocalAccount=True AND SID='S-1-5-32-544'"
	foreach ($member in @(Get-CimAssociatedInstance -InputObject $group -ResultClassName Win32_UserAccount)) {
		if ($GaKeepUsers -contains $member.Name) { return $true }
	}
	return $false
}

function authorized-keys-files {
	if (-not (authorized-keys-administrator)) {
		foreach ($item in @(GaNamed (Join-Path $env:ProgramData 'ssh') @('administrators_authorized_keys*'))) { $item.FullName }
	}
	foreach ($folder in @(GaProfiles)) {
		if ($GaKeepUsers -contains [IO.Path]::GetFileName($folder)) { continue }
		foreach ($item in @(GaNamed (Join-Path $folder '.ssh') @('authorized_keys*'))) { $item.FullName }
	}
}

function seal-authorized-keys { GaDrop @(authorized-keys-files) }

function check-authorized-keys { GaLeft @(authorized-keys-files) }
