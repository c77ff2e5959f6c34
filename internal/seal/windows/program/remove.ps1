# ---- remove: how things go ----

# GaOverwrite FILE: random bytes over the same clusters, on the disk before the name
# goes: a snapshot copies what was ever written.
function GaOverwrite($item) {
	$buffer = New-Object byte[] 65536
	$random = [Security.Cryptography.RandomNumberGenerator]::Create()
	$stream = New-Object IO.FileStream -ArgumentList $item.FullName, ([IO.FileMode]::Open), ([IO.FileAccess]::Write), ([IO.FileShare]::None)
	try {
		$rest = [int64]$item.Length
		while ($rest -gt 0) {
			$random.GetBytes($buffer)
			$part = [int][Math]::Min($rest, [int64]$buffer.Length)
			$stream.Write($buffer, 0, $part)
			$rest -= $part
		}
		$stream.Flush($true)
	} finally {
		$stream.Dispose()
		$random.Dispose()
	}
}

# GaInUse RECORD: whether another process holds the file (ERROR_SHARING_VIOLATION,
# ERROR_LOCK_VIOLATION).
function GaInUse($record) {
	$code = $record.Exception.GetBaseException().HResult
	return (($code -eq -2147024864) -or ($code -eq -2147024863))
}

# GaRemove ITEM SECRET: removes a file or a link. A file that a process holds stays
# and is a warning; one with a secret is a failure.
function GaRemove($item, [bool]$secret) {
	$path = $item.FullName
	if (GaKept $path) { return }
	$size = [int64]0
	try {
		if ($item.PSIsContainer) {
			[IO.Directory]::Delete($path, $false)
		} else {
			$size = [int64]$item.Length
			if (($item.Attributes -band [IO.FileAttributes]::ReadOnly) -ne 0) { [IO.File]::SetAttributes($path, [IO.FileAttributes]::Normal) }
			if ($secret -and -not (GaIsLink $item)) { GaOverwrite $item }
			[IO.File]::Delete($path)
		}
		$GaRun['Removed'] += 1
		$GaRun['Bytes'] += $size
	} catch {
		if (-not (GaHere $path)) { return }
		if ($secret -or -not (GaInUse $_)) {
			GaFail ($path + ': ' + (GaWhy $_))
			return
		}
		$GaRun['Held'][$path] = $true
		GaWarn ($path + ' is in use, so it stays')
	}
}

# GaDrop PATHS, GaDestroy PATHS: remove files; the second overwrites them first.
function GaDrop([string[]]$paths) { GaRemovePaths $paths $false }

function GaDestroy([string[]]$paths) { GaRemovePaths $paths $true }

function GaRemovePaths([string[]]$paths, [bool]$secret) {
	foreach ($path in $paths) {
		if (-not [IO.File]::Exists($path)) { continue }
		if (GaSolid ([IO.Path]::GetDirectoryName($path))) {
			GaRemove (Get-Item -LiteralPath $path -Force) $secret
		} else {
			GaFail ($path + ' is reached through a link, so it is not touched')
		}
	}
}

# GaClear DIR, GaWipe DIR: remove what is below a folder, and folders that are empty
# then. Folders that are named by a number are those of sessions, which want them.
function GaClear([string]$dir) { GaClearBelow $dir $false }

function GaWipe([string]$dir) { GaClearBelow $dir $true }

function GaClearBelow([string]$dir, [bool]$secret) {
	foreach ($item in @(GaFiles $dir)) { GaRemove $item $secret }
	foreach ($folder in @(GaFolders $dir)) {
		if ([IO.Path]::GetFileName($folder) -match '^[0-9]+$') { continue }
		try { [IO.Directory]::Delete($folder, $false) } catch { continue }
	}
}

# GaForgetValue KEY NAME: removes a value of the registry.
function GaForgetValue([string]$key, [string]$name) {
	if (-not (GaHasValue $key $name)) { return }
	Remove-ItemProperty -LiteralPath $key -Name $name -Force
	$GaRun['Removed'] += 1
}

function GaHasValue([string]$key, [string]$name) {
	if (-not (Test-Path -LiteralPath $key)) { return $false }
	return (@((Get-Item -LiteralPath $key).GetValueNames()) -contains $name)
}

# GaStop NAME: stops a service that runs; it starts again with the next boot.
function GaStop([string]$name) {
	$service = Get-Service -Name $name -ErrorAction SilentlyContinue
	if (($null -eq $service) -or ($service.Status -eq 'Stopped')) { return }
	Stop-Service -Name $name -Force
	(Get-Service -Name $name).WaitForStatus('Stopped', [TimeSpan]::FromSeconds(30))
	GaNote ('the service ' + $name + ' was stopped until the next boot')
}
