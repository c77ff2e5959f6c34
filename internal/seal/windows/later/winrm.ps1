# later: winrm
# reason: it is the way in while the image is built; every instance would listen with the build's certificate and settings
#
# Read from the registry, where it stands even while the service is stopped.

$GaWsman = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\WSMAN'

function later-winrm {
	$listeners = $GaWsman + '\Listener'
	if (Test-Path -LiteralPath $listeners) {
		foreach ($key in @(Get-ChildItem -LiteralPath $listeners)) {
			$text = 'listener ' + $key.PSChildName
			$thumbprint = [string]$key.GetValue('certThumbprint')
			if ($thumbprint -ne '') { $text += ', certificate ' + $thumbprint }
			GaLater $text
		}
	}
	foreach ($name in 'auth_basic', 'auth_credssp', 'allow_unencrypted') { winrm-setting ($GaWsman + '\Service') $name }
	winrm-setting 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System' 'LocalAccountTokenFilterPolicy'
	$policy = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\WinRM\Service'
	foreach ($name in 'AllowBasic', 'AllowCredSSP', 'AllowUnencryptedTraffic') { winrm-setting $policy $name }
}

# winrm-setting KEY NAME: a switch that is on.
function winrm-setting([string]$key, [string]$name) {
	if ((GaHasValue $key $name) -and ([string](Get-Item -LiteralPath $key).GetValue($name) -eq '1')) { GaLater ($key + '\' + $name) }
}
