# operation: secret-scan
# default: secret_scan
# reason: a secret that somebody copied into the image is every instance's, and no list of places has it
# paths: files of up to 1 MiB in all folders on the guest's disks, but of Program Files in those of Amazon alone and of Windows where
#   people leave things (Temp, Panther, Setup, Tasks, the services' profiles and others), by the patterns that Linux guests are searched by;
#   UTF-16 too. Not seen: the registry, key stores that only their names tell (*.pfx), what is encoded, packed or in a database, caches, folders named for tests, examples or documentation, what a
#   process holds open for itself

$GaSecretsPassed = @('node_modules', 'testdata', 'test', 'tests', 'examples', 'doc', 'docs', 'cache', 'caches', 'INetCache', 'npm-cache', '.nuget', 'Package Cache')
$GaSecretLargest = 1048576

# secret-scan-prepare: no file may keep a pattern busy for longer than seconds.
function secret-scan-prepare {
	$limit = [TimeSpan]::FromSeconds(5)
	$options = [Text.RegularExpressions.RegexOptions]::CultureInvariant
	$GaRun['HostKeys'] = Join-Path $env:ProgramData 'ssh\ssh_host_'
	$GaRun['Room'] = New-Object byte[] $GaSecretLargest
	$GaRun['Patterns'] = @()
	for ($i = 2; $i -lt $GaRules.Count; $i += 3) {
		$pattern = $GaRules[$i]
		$GaRun['Patterns'] += New-Object Text.RegularExpressions.Regex -ArgumentList $pattern, $options, $limit
	}
	$options = $options -bor [Text.RegularExpressions.RegexOptions]::IgnoreCase
	$GaRun['Example'] = New-Object Text.RegularExpressions.Regex -ArgumentList $GaExample, $options, $limit
}

# secret-scan-passed PATH: nothing of it counts. The keys of sshd have an operation.
function secret-scan-passed([string]$path) {
	if (GaKept $path) { return $true }
	foreach ($allowed in $GaScanAllow) {
		if (GaBelow $path $allowed) { return $true }
	}
	return $path.StartsWith($GaRun['HostKeys'], [StringComparison]::OrdinalIgnoreCase)
}

# secret-scan-file PATH STREAM: each byte as a character; and where there are NUL bytes,
# as UTF-16 from the first byte and from the second, which is that of the other order.
function secret-scan-file([string]$path, $stream) {
	if (($stream.Length -ge $GaSecretLargest) -or (secret-scan-passed $path)) { return }
	$bytes = $GaRun['Room']
	$have = GaScanFill $stream $bytes 0
	$told = @{}
	$text = $GaLatin.GetString($bytes, 0, $have)
	secret-scan-text $path $text $told
	if ($text.IndexOf([char]0) -lt 0) { return }
	foreach ($first in 0, 1) {
		$count = $have - $first
		$count -= $count % 2
		$text = [Text.Encoding]::Unicode.GetString($bytes, $first, $count)
		secret-scan-text $path $text $told
	}
}

# secret-scan-text PATH TEXT TOLD: by each rule. The documentation's own examples are none.
function secret-scan-text([string]$path, [string]$text, $told) {
	for ($i = 0; $i -lt $GaRules.Count; $i += 3) {
		if ($told.ContainsKey($i)) { continue }
		if ($text.IndexOf($GaRules[$i + 1], [StringComparison]::Ordinal) -lt 0) { continue }
		$found = $GaRun['Patterns'][$i / 3].Match($text)
		while ($found.Success -and $GaRun['Example'].IsMatch($found.Value)) { $found = $found.NextMatch() }
		if (-not $found.Success) { continue }
		$told[$i] = $true
		$line = $text.Substring(0, $found.Index).Split([char]10).Count
		if ($GaSecretScan -eq 'fail') {
			GaEvidence ($path + ':' + $line + ' (' + $GaRules[$i] + ')')
		} else {
			GaWarn ($path + ':' + $line + ' looks like a secret (' + $GaRules[$i] + ')')
		}
	}
}

function seal-secret-scan { }

function check-secret-scan {
	secret-scan-prepare
	GaScanFrom $GaSecretsPassed
	GaScanDisks $false 'secret-scan-file'
	if ($GaRun['Unseen'].Count -gt 0) {
		GaWarn ('the secret scan was not done within ' + $GaScanTimeout + 's: ' + (GaScanSome $GaRun['Unseen']) + ' was not looked at as a whole; raise scan_timeout')
	}
	GaScanDone 'the secret scan'
	if ($GaRun['Unread'].Count -gt 0) { GaNote ('the secret scan could not read ' + (GaScanSome $GaRun['Unread'])) }
}
