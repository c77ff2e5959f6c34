# operation: unattend-files
# reason: answer files of an earlier setup may hold passwords, and sysprep takes one of them before its own
# paths: \Windows\Panther\unattend.xml, \Windows\Panther\Unattend\*.xml, \Windows\System32\Sysprep\unattend.xml, unattend.xml and
#   autounattend.xml in the root of the system drive, overwritten; the registry's UnattendFile, which names another and comes first; the traces of an earlier sysprep: \Windows\System32\Sysprep\Panther and Sysprep_succeeded.tag

$GaSetupKey = 'HKLM:\SYSTEM\Setup'

function unattend-files-answers {
	Join-Path $env:SystemRoot 'Panther\unattend.xml'
	Join-Path $env:SystemRoot 'Panther\unattend-original.xml'
	Join-Path $env:SystemRoot 'System32\Sysprep\unattend.xml'
	Join-Path $env:SystemDrive '\unattend.xml'
	Join-Path $env:SystemDrive '\autounattend.xml'
	foreach ($item in @(GaNamed (Join-Path $env:SystemRoot 'Panther\Unattend') @('*.xml'))) { $item.FullName }
}

function unattend-files-tag { Join-Path $env:SystemRoot 'System32\Sysprep\Sysprep_succeeded.tag' }

function seal-unattend-files {
	GaDestroy @(unattend-files-answers)
	GaForgetValue $GaSetupKey 'UnattendFile'
	GaDrop @(unattend-files-tag)
	GaClear (Join-Path $env:SystemRoot 'System32\Sysprep\Panther')
}

function check-unattend-files {
	GaLeft @(unattend-files-answers)
	if (GaHasValue $GaSetupKey 'UnattendFile') { GaEvidence ($GaSetupKey + '\UnattendFile') }
	GaLeft @(unattend-files-tag)
	GaLeftBelow (Join-Path $env:SystemRoot 'System32\Sysprep\Panther')
}
