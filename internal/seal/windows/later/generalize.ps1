# later: generalize
# reason: until Windows is generalized, all instances share one machine SID, one computer name and one password of Administrator

function later-generalize {
	$key = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Setup\State'
	$state = ''
	if (GaHasValue $key 'ImageState') { $state = [string](Get-Item -LiteralPath $key).GetValue('ImageState') }
	if ($state -ne 'IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE') { GaLater ('ImageState ' + $state) }
}
