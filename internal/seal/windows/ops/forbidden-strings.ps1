# operation: forbidden-strings
# default: forbidden_strings
# reason: you said in forbidden_strings that it must not be in the image, or it is a key, a password or a sensitive variable of this build
# paths: files of up to 256 MiB in all folders on the guest's disks, those of keep too, of Windows in the folders that secret-scan knows; in UTF-8 and UTF-16; a
#   string of several lines by its longest one. Not seen: the registry, what is encoded, compressed or packed, names of files, what nobody may read
#
# The strings are not here, for whatever logs PowerShell's programs or what WinRM
# runs would have them: of each byte two bits, by which places are found quickly, and
# of the whole a hash, with a salt of this run. What the bits are, they are as
# characters, so that a search of texts finds them.

$GaForbiddenBuffers = @{}
$GaForbiddenLargest = 268435456

# forbidden-strings-buffer LENGTH: room for a piece of a file, and what makes two bits of
# each of its bytes.
function forbidden-strings-buffer([int64]$length) {
	$size = 4096
	while (($size -lt $length) -and ($size -lt 1048576)) { $size *= 16 }
	if (-not $GaForbiddenBuffers.ContainsKey($size)) {
		$low = $GaLatin.GetBytes(([string][char]3) * $size)
		$high = $GaLatin.GetBytes('@' * $size)
		$room = @{}
		$room['Bytes'] = New-Object byte[] $size
		$room['Bits'] = New-Object byte[] $size
		$room['Low'] = New-Object Collections.BitArray -ArgumentList (, $low)
		$room['High'] = New-Object Collections.BitArray -ArgumentList (, $high)
		$GaForbiddenBuffers[$size] = $room
	}
	return $GaForbiddenBuffers[$size]
}

# forbidden-strings-file PATH STREAM: piece by piece, each with the end of the one before.
function forbidden-strings-file([string]$path, $stream) {
	if ($stream.Length -gt $GaForbiddenLargest) {
		GaWarn ($path + ' is larger than 256 MiB, and was not looked at for forbidden strings')
		return
	}
	$room = forbidden-strings-buffer $stream.Length
	$bytes = $room['Bytes']
	$told = @{}
	$rest = 0
	while ($true) {
		$have = GaScanFill $stream $bytes $rest
		if ($have -eq $rest) { return }
		forbidden-strings-piece $path $room $have $told
		if (GaScanLate) {
			$GaRun['Unseen'] += $path
			return
		}
		$rest = [Math]::Min($have, $GaForbiddenLongest - 1)
		[Array]::Copy($bytes, $have - $rest, $bytes, 0, $rest)
	}
}

# forbidden-strings-piece PATH ROOM HAVE TOLD: by each form of each string, but for the
# first, which is this program's own.
function forbidden-strings-piece([string]$path, $room, [int]$have, $told) {
	$text = forbidden-strings-bits $room $have
	for ($i = 4; $i -lt $GaForbidden.Count; $i += 4) {
		$label = $GaForbidden[$i]
		if ($told.ContainsKey($label) -or -not (forbidden-strings-in $room $text $i)) { continue }
		$told[$label] = $true
		if ($GaForbidden[$i + 1] -eq 'fail') { GaEvidence ($path + ' (' + $label + ')') } else { GaWarn ($path + ' holds ' + $label) }
	}
}

# forbidden-strings-bits ROOM HAVE: two bits of each byte, as a text of "@", "A", "B" and "C".
function forbidden-strings-bits($room, [int]$have) {
	$bytes = $room['Bytes']
	$bits = New-Object Collections.BitArray -ArgumentList (, $bytes)
	$null = $bits.And($room['Low'])
	$null = $bits.Or($room['High'])
	$bits.CopyTo($room['Bits'], 0)
	return $GaLatin.GetString($room['Bits'], 0, $have)
}

# forbidden-strings-in ROOM TEXT I: whether the string that begins at I in the list is there.
function forbidden-strings-in($room, [string]$text, [int]$i) {
	$bits = $GaForbidden[$i + 2]
	$hash = $GaForbidden[$i + 3]
	$at = $text.IndexOf($bits, [StringComparison]::Ordinal)
	while (($at -ge 0) -and -not (GaScanLate)) {
		if ((forbidden-strings-hash $room['Bytes'] $at $bits.Length) -ceq $hash) { return $true }
		$at = $text.IndexOf($bits, $at + 1, [StringComparison]::Ordinal)
	}
	return $false
}

function forbidden-strings-hash($bytes, [int]$at, [int]$length) {
	$salt = $GaRun['Salt']
	$salted = New-Object byte[] ($salt.Length + $length)
	[Array]::Copy($salt, 0, $salted, 0, $salt.Length)
	[Array]::Copy($bytes, $at, $salted, $salt.Length, $length)
	return [Convert]::ToBase64String($GaRun['Hasher'].ComputeHash($salted))
}

# forbidden-strings-works: whether this PowerShell finds the first of the list, the salt,
# where it is, and not where it is not.
function forbidden-strings-works {
	$room = forbidden-strings-buffer 4096
	$before = forbidden-strings-in $room (forbidden-strings-bits $room 4096) 0
	$salt = $GaRun['Salt']
	[Array]::Copy($salt, 0, $room['Bytes'], 4001, $salt.Length)
	$after = forbidden-strings-in $room (forbidden-strings-bits $room 4096) 0
	return ($after -and -not $before)
}

function seal-forbidden-strings { }

function check-forbidden-strings {
	$GaRun['Salt'] = $GaLatin.GetBytes($GaNonce)
	$GaRun['Hasher'] = New-Object Security.Cryptography.SHA256CryptoServiceProvider
	GaScanFrom @()
	if (-not (forbidden-strings-works)) {
		GaEvidence 'forbidden_strings (this PowerShell does not find a string that is there)'
		return
	}
	GaScanDisks $true 'forbidden-strings-file'
	if ($GaRun['Unseen'].Count -gt 0) {
		GaEvidence ((GaScanSome $GaRun['Unseen']) + ' (not looked at as a whole within ' + $GaScanTimeout + 's; raise scan_timeout)')
	}
	GaScanDone 'the look for forbidden strings'
	if ($GaRun['Unread'].Count -gt 0) { GaWarn ((GaScanSome $GaRun['Unread']) + ' cannot be read, and was not looked at for forbidden strings') }
}
