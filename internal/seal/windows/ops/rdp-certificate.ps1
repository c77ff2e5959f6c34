# operation: rdp-certificate
# reason: every instance would show the same certificate, and hold its private key
# paths: the store Remote Desktop of the machine; Windows makes another when somebody connects

$GaRdpStore = 'Cert:\LocalMachine\Remote Desktop'

function rdp-certificate-all {
	if (-not (Test-Path -LiteralPath $GaRdpStore)) { return }
	foreach ($certificate in @(Get-ChildItem -LiteralPath $GaRdpStore)) { $GaRdpStore + '\' + $certificate.Thumbprint }
}

function seal-rdp-certificate {
	foreach ($path in @(rdp-certificate-all)) {
		$GaRun['Certificates'] += $path
		Remove-Item -LiteralPath $path -DeleteKey -Force
		$GaRun['Removed'] += 1
	}
}

function check-rdp-certificate {
	foreach ($path in @(rdp-certificate-all)) {
		if (($GaMode -eq 'seal') -and -not ($GaRun['Certificates'] -contains $path)) {
			GaWarn ('somebody connected during the seal, so Windows has made another certificate: ' + $path)
		} else {
			GaEvidence $path
		}
	}
}
