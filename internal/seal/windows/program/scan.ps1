# ---- scan: the walk through files that both searches make ----
# As .NET gives them, without the cmdlets: a guest has a hundred thousand files.

$GaScanShare = [IO.FileShare]::ReadWrite -bor [IO.FileShare]::Delete
$GaLatin = [Text.Encoding]::GetEncoding(28591)
# What nobody may read, and what a process always holds.
$GaScanClosed = @('System Volume Information', 'WindowsApps', 'Windows Defender')
$GaScanHeld = @('NTUSER.DAT*', 'UsrClass.dat*', 'pagefile.sys', 'swapfile.sys', 'hiberfil.sys')

# GaScanWindows: folders of Windows itself in which people and installers leave things.
$GaScanWindows = @('Temp', 'Panther', 'Setup', 'debug', 'ServiceProfiles', 'System32\config\systemprofile', 'SysWOW64\config\systemprofile', 'System32\Tasks', 'System32\GroupPolicy', 'System32\drivers\etc', 'System32\inetsrv\config', 'System32\Sysprep', 'System32\Configuration')

# GaScanFrom PRUNED: begins a search that passes over folders of these names.
function GaScanFrom([string[]]$pruned) {
	$GaRun['Watch'] = [Diagnostics.Stopwatch]::StartNew()
	$GaRun['Read'] = 0
	$GaRun['Unread'] = @()
	$GaRun['Unseen'] = @()
	$GaRun['Pruned'] = @{}
	foreach ($name in ($GaScanClosed + $pruned)) { $GaRun['Pruned'][$name] = $true }
}

function GaScanLate { return ($GaRun['Watch'].Elapsed.TotalSeconds -ge $GaScanTimeout) }

# GaScanItems DIR: what stands in a folder.
function GaScanItems([string]$dir) {
	try { (New-Object IO.DirectoryInfo -ArgumentList $dir).GetFileSystemInfos() } catch { $GaRun['Unread'] += $dir }
}

# GaScanDisks PROGRAMS DO: calls DO with every file of the guest's own disks for which
# there is time: all folders in their roots, but of Windows some, and of installed
# programs those of Amazon, or all.
function GaScanDisks([bool]$programs, [string]$do) {
	$top = @()
	$thirtyTwo = [Environment]::GetEnvironmentVariable('ProgramFiles(x86)')
	foreach ($drive in [IO.DriveInfo]::GetDrives()) {
		if (($drive.DriveType -ne [IO.DriveType]::Fixed) -or -not $drive.IsReady) { continue }
		foreach ($item in @(GaScanItems $drive.RootDirectory.FullName)) {
			if (GaIsLink $item) { continue }
			if ($item -is [IO.DirectoryInfo]) { $top += $item.FullName } else { GaScanFile $item $do }
		}
	}
	foreach ($dir in $top) {
		if ($GaRun['Pruned'].ContainsKey([IO.Path]::GetFileName($dir)) -or (GaBelow $dir $env:SystemRoot)) { continue }
		if (-not $programs -and (($dir -eq $env:ProgramFiles) -or ($dir -eq $thirtyTwo))) { $dir = Join-Path $dir 'Amazon' }
		GaScanBelow $dir $do
	}
	foreach ($name in $GaScanWindows) { GaScanBelow (Join-Path $env:SystemRoot $name) $do }
}

# GaScanBelow DIR DO: with every file below the folder. Links are not followed.
function GaScanBelow([string]$dir, [string]$do) {
	if (-not [IO.Directory]::Exists($dir)) { return }
	$folders = New-Object 'System.Collections.Generic.Stack[string]'
	$folders.Push($dir)
	while ($folders.Count -gt 0) {
		foreach ($item in @(GaScanItems $folders.Pop())) {
			if (GaScanLate) {
				$GaRun['Unseen'] += $dir
				return
			}
			if (GaIsLink $item) { continue }
			if ($item -isnot [IO.DirectoryInfo]) {
				GaScanFile $item $do
			} elseif (-not $GaRun['Pruned'].ContainsKey($item.Name)) {
				$folders.Push($item.FullName)
			}
		}
	}
}

# GaScanFile FILE DO: DO with the file, opened so that others may write meanwhile. What
# cannot be read is counted; any other error is one of this program.
function GaScanFile($file, [string]$do) {
	foreach ($name in $GaScanHeld) {
		if ($file.Name -like $name) { return }
	}
	try {
		$stream = [IO.File]::Open($file.FullName, [IO.FileMode]::Open, [IO.FileAccess]::Read, $GaScanShare)
	} catch {
		$GaRun['Unread'] += $file.FullName
		return
	}
	try {
		& $do $file.FullName $stream | Out-Null
		$GaRun['Read'] += 1
	} catch {
		$cause = $_.Exception.GetBaseException()
		if (($cause -isnot [IO.IOException]) -and ($cause -isnot [Text.RegularExpressions.RegexMatchTimeoutException])) { throw }
		$GaRun['Unread'] += $file.FullName
	} finally {
		$stream.Dispose()
	}
}

# GaScanFill STREAM BYTES HAVE: fills the rest of the bytes, and gives how many there are.
function GaScanFill($stream, $bytes, [int]$have) {
	do {
		$got = $stream.Read($bytes, $have, $bytes.Length - $have)
		$have += $got
	} while (($got -gt 0) -and ($have -lt $bytes.Length))
	return $have
}

# GaScanSome PATHS: some of them, for a message.
function GaScanSome([string[]]$paths) {
	$text = $paths[0]
	if ($paths.Count -gt 1) { $text += ' and ' + ($paths.Count - 1) + ' more' }
	return $text
}

# GaScanDone WHAT: for the first build on a new kind of guest.
function GaScanDone([string]$what) { GaNote ($what + ' read ' + $GaRun['Read'] + ' files in ' + [int]$GaRun['Watch'].Elapsed.TotalSeconds + 's') }
