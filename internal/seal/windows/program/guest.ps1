# ---- guest: what the guest is ----

# GaProfiles: the folder of every user, of users that are gone, and of the services'
# accounts. A link among them is somebody's folder twice.
function GaProfiles {
	if ($GaRun['Folders'].Count -gt 0) { return $GaRun['Folders'] }
	$candidates = @()
	foreach ($key in @(Get-ChildItem -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList')) {
		$value = $key.GetValue('ProfileImagePath')
		if ($value) { $candidates += [Environment]::ExpandEnvironmentVariables([string]$value) }
	}
	foreach ($item in @(Get-ChildItem -LiteralPath (Join-Path $env:SystemDrive '\Users') -Directory -Force)) { $candidates += $item.FullName }
	foreach ($name in 'System32\config\systemprofile', 'SysWOW64\config\systemprofile', 'ServiceProfiles\LocalService', 'ServiceProfiles\NetworkService') {
		$candidates += Join-Path $env:SystemRoot $name
	}
	$seen = @{}
	foreach ($candidate in $candidates) {
		if ($seen.ContainsKey($candidate) -or -not [IO.Directory]::Exists($candidate) -or -not (GaSolid $candidate)) { continue }
		$seen[$candidate] = $true
		$GaRun['Folders'] += $candidate
	}
	return $GaRun['Folders']
}

# GaTempFolders: where programs of the system and of every user write.
function GaTempFolders {
	Join-Path $env:SystemRoot 'Temp'
	foreach ($folder in @(GaProfiles)) { Join-Path $folder 'AppData\Local\Temp' }
}

# GaHives: the registry of every user who is logged in; others' is a file.
function GaHives {
	foreach ($key in @(Get-ChildItem -LiteralPath 'Registry::HKEY_USERS' -ErrorAction SilentlyContinue)) {
		if ($key.PSChildName -notlike '*_Classes') { 'Registry::HKEY_USERS\' + $key.PSChildName }
	}
}

# GaLaunchAgent: which of EC2's agents makes a password and runs user data at launch.
function GaLaunchAgent {
	if ([IO.File]::Exists((Join-Path $env:ProgramFiles 'Amazon\EC2Launch\EC2Launch.exe'))) { return 'EC2Launch v2' }
	if ([IO.File]::Exists((Join-Path $env:ProgramData 'Amazon\EC2-Windows\Launch\Module\Ec2Launch.psd1'))) { return 'EC2Launch v1' }
	if ([IO.File]::Exists((Join-Path $env:ProgramFiles 'Amazon\Ec2ConfigService\Ec2Config.exe'))) { return 'EC2Config' }
	return ''
}

# GaOverSessionManager: whether a session of Systems Manager is open, which may be ours.
function GaOverSessionManager {
	return (@(Get-Process -Name 'ssm-session-worker' -ErrorAction SilentlyContinue).Count -gt 0)
}
