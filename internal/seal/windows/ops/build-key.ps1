# operation: build-key
# reason: Packer's key opens every instance in which it stands among keys that are kept
# paths: lines with the build's public key, where the builder tells it, in \ProgramData\ssh\administrators_authorized_keys* and
#   .ssh\authorized_keys* of every profile, where these are still there: those of keep_users, and all with authorized-keys in skip
#
# After authorized-keys, which removes those files as a whole.

function build-key-files {
	$dirs = @((Join-Path $env:ProgramData 'ssh'))
	foreach ($folder in @(GaProfiles)) { $dirs += Join-Path $folder '.ssh' }
	foreach ($dir in $dirs) {
		foreach ($item in @(GaNamed $dir @('administrators_authorized_keys*', 'authorized_keys*'))) {
			if ($item.PSIsContainer -or (GaKept $item.FullName)) { continue }
			if (GaIsLink $item) {
				GaFail ($item.FullName + ' is a link, so it is not looked at')
				continue
			}
			if ((build-key-text $item.FullName).IndexOf($GaBuildKey, [StringComparison]::Ordinal) -ge 0) { $item.FullName }
		}
	}
}

# build-key-text PATH: each byte as a character, so that all but the key stays as it is.
function build-key-text([string]$path) { return $GaLatin.GetString([IO.File]::ReadAllBytes($path)) }

# build-key-out PATH: in the file itself, which so keeps its owner and permissions: sshd
# takes no other's.
function build-key-out([string]$path) {
	$text = build-key-text $path
	$kept = @()
	foreach ($line in $text.Split([char]10)) {
		if ($line.IndexOf($GaBuildKey, [StringComparison]::Ordinal) -lt 0) { $kept += $line }
	}
	$bytes = $GaLatin.GetBytes([string]::Join([string][char]10, [string[]]$kept))
	$stream = [IO.File]::Open($path, [IO.FileMode]::Open, [IO.FileAccess]::Write, [IO.FileShare]::None)
	try {
		$stream.Write($bytes, 0, $bytes.Length)
		$stream.SetLength($bytes.Length)
		$stream.Flush($true)
	} finally {
		$stream.Dispose()
	}
	$GaRun['Removed'] += 1
	$GaRun['Bytes'] += $text.Length - $bytes.Length
}

function seal-build-key {
	foreach ($path in @(build-key-files)) {
		try { build-key-out $path } catch { GaFail ($path + ': ' + (GaWhy $_)) }
	}
}

function check-build-key {
	foreach ($path in @(build-key-files)) { GaEvidence $path }
}
