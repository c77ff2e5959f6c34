# ---- base: the words in which every operation is written ----
# Windows PowerShell 5.1 and newer. All state is in one table, because what a
# function assigns is its own; and nothing here asks, shows progress or waits.

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'
$ConfirmPreference = 'None'

$GaRun = @{
	Began = [DateTime]::UtcNow
	Status = 0
	Refused = $false
	Check = ''
	Removed = 0
	Bytes = [int64]0
	Failures = 0
	Reason = ''
	Found = 0
	Held = @{}
	Folders = @()
	Certificates = @()
	Later = ''
}

# GaEncode TEXT: a word without blanks: "t:" and the text, or "x:" and its UTF-8 in
# hex. A file's name can so never end a report line, nor can a code page change it.
function GaEncode([string]$text) {
	if ($text -cmatch '\A[A-Za-z0-9_./@:+,=-]+\z') { return 't:' + $text }
	return 'x:' + [BitConverter]::ToString([Text.Encoding]::UTF8.GetBytes($text)).Replace('-', '').ToLowerInvariant()
}

# GaEmit KIND FIELDS: one line of the report, in one write.
function GaEmit([string]$kind, [string[]]$fields) {
	$line = '@goldenami ' + $GaNonce + ' ' + $kind
	foreach ($field in $fields) { $line += ' ' + (GaEncode $field) }
	[Console]::Out.WriteLine($line)
}

function GaNote([string]$text) { GaEmit 'note' @($text) }

function GaWarn([string]$text) { GaEmit 'warning' @($text) }

# GaWhy RECORD: the message of an error, without where in the program it arose.
function GaWhy($record) { return ($record.Exception.GetBaseException().Message -split '[\r\n]+')[0] }

# GaFail TEXT: the running operation has failed, and goes on with the rest. What a
# check cannot look at counts as left.
function GaFail([string]$text) {
	if ($GaRun['Check'] -ne '') {
		GaEvidence $text
		return
	}
	$GaRun['Failures'] += 1
	if ($GaRun['Failures'] -gt 3) { return }
	if ($GaRun['Reason'] -ne '') { $GaRun['Reason'] += '; ' }
	$GaRun['Reason'] += $text
}

# GaBelow PATH DIR: whether the path is the folder or stands in it.
function GaBelow([string]$path, [string]$dir) {
	if ([string]::Equals($path, $dir, [StringComparison]::OrdinalIgnoreCase)) { return $true }
	return $path.StartsWith($dir.TrimEnd('\') + '\', [StringComparison]::OrdinalIgnoreCase)
}

# GaKept PATH: whether keep names it or a folder above it.
function GaKept([string]$path) {
	foreach ($keep in $GaKeep) {
		if (GaBelow $path $keep) { return $true }
	}
	return $false
}

function GaHere([string]$path) { return ([IO.File]::Exists($path) -or [IO.Directory]::Exists($path)) }

# GaSolid PATH: whether no part of it is a link. What a user has put in the place of
# a folder of his profile could lead anywhere.
function GaSolid([string]$path) {
	$part = $path
	while ($part) {
		if ((GaHere $part) -and (([IO.File]::GetAttributes($part) -band [IO.FileAttributes]::ReparsePoint) -ne 0)) { return $false }
		$part = [IO.Path]::GetDirectoryName($part)
	}
	return $true
}

# GaItems DIR: what stands in a folder; nothing where there is none.
function GaItems([string]$dir) {
	if (-not [IO.Directory]::Exists($dir)) { return }
	if (-not (GaSolid $dir)) {
		GaFail ($dir + ' is reached through a link, so it is not touched')
		return
	}
	try {
		Get-ChildItem -LiteralPath $dir -Force -ErrorAction Stop
	} catch {
		if ([IO.Directory]::Exists($dir)) { GaFail ($dir + ': ' + (GaWhy $_)) }
	}
}

# GaNamed DIR PATTERNS: what stands in the folder and has such a name.
function GaNamed([string]$dir, [string[]]$patterns) {
	foreach ($item in @(GaItems $dir)) {
		foreach ($pattern in $patterns) {
			if ($item.Name -like $pattern) {
				$item
				break
			}
		}
	}
}

function GaIsLink($item) { return (($item.Attributes -band [IO.FileAttributes]::ReparsePoint) -ne 0) }

# GaFiles DIR: every file below the folder that is not kept. A link comes as itself
# and is not followed.
function GaFiles([string]$dir) {
	$folders = New-Object 'System.Collections.Generic.Stack[string]'
	$folders.Push($dir)
	while ($folders.Count -gt 0) {
		foreach ($item in @(GaItems $folders.Pop())) {
			if (GaKept $item.FullName) { continue }
			if ($item.PSIsContainer -and -not (GaIsLink $item)) { $folders.Push($item.FullName) } else { $item }
		}
	}
}

# GaFolders DIR: every folder below it that is not kept, the deepest first.
function GaFolders([string]$dir) {
	foreach ($item in @(GaItems $dir)) {
		if ((-not $item.PSIsContainer) -or (GaIsLink $item) -or (GaKept $item.FullName)) { continue }
		GaFolders $item.FullName
		$item.FullName
	}
}
