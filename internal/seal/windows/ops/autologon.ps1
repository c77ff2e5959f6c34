# operation: autologon
# reason: an instance would log somebody in by itself, with a password in clear text in its registry
# paths: DefaultPassword, AutoLogonCount and AutoAdminLogon of Winlogon in HKLM

$GaWinlogon = 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon'

function autologon-on {
	return ((GaHasValue $GaWinlogon 'AutoAdminLogon') -and ([string](Get-Item -LiteralPath $GaWinlogon).GetValue('AutoAdminLogon') -ne '0'))
}

function seal-autologon {
	GaForgetValue $GaWinlogon 'DefaultPassword'
	GaForgetValue $GaWinlogon 'AutoLogonCount'
	if (autologon-on) {
		Set-ItemProperty -LiteralPath $GaWinlogon -Name 'AutoAdminLogon' -Value '0'
		$GaRun['Removed'] += 1
	}
}

function check-autologon {
	foreach ($name in 'DefaultPassword', 'AutoLogonCount') {
		if (GaHasValue $GaWinlogon $name) { GaEvidence ($GaWinlogon + '\' + $name) }
	}
	if (autologon-on) { GaEvidence ($GaWinlogon + '\AutoAdminLogon') }
}
