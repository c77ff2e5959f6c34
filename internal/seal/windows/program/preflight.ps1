# ---- preflight: nothing is changed before it has passed ----

function GaRefuse([string]$check, [string]$text) {
	$GaRun['Refused'] = $true
	GaEmit 'preflight' @($check, $text)
}

function GaElevated {
	$identity = [Security.Principal.WindowsIdentity]::GetCurrent()
	$principal = New-Object Security.Principal.WindowsPrincipal -ArgumentList $identity
	return $principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

function GaPreflight {
	GaEmit 'fact' @('os', [Environment]::OSVersion.VersionString)
	GaEmit 'fact' @('powershell', $PSVersionTable['PSVersion'].ToString())
	$agent = GaLaunchAgent
	GaEmit 'fact' @('launch_agent', $agent)
	if ($PSVersionTable['PSVersion'] -lt [Version]'5.1') {
		GaRefuse 'powershell' 'this is older than Windows PowerShell 5.1, on which the seal is made to run; install WMF 5.1'
	}
	if ([Environment]::Is64BitOperatingSystem -and -not [Environment]::Is64BitProcess) {
		GaRefuse 'powershell' 'this is the 32-bit PowerShell, which is shown another registry and another System32; let the communicator start the 64-bit one'
	}
	if (-not (GaElevated)) {
		GaRefuse 'elevated' 'the build''s user has no administrator''s rights in this session; log in as Administrator, or set LocalAccountTokenFilterPolicy to 1 for other members of Administrators'
	}
	if (($agent -eq '') -and -not $GaAllowNoLaunchKey) {
		GaRefuse 'launch-agent' 'there is neither EC2Launch nor EC2Config, so no instance gets a password or runs user data; install EC2Launch v2, or set allow_no_launch_key'
	}
}
