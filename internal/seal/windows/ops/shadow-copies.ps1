# operation: shadow-copies
# reason: a shadow copy still has the files that were removed, and goes into the image with its disk
# paths: shadow copies of the guest's disks: each is a warning, none is removed

function seal-shadow-copies { }

function check-shadow-copies {
	try {
		$copies = @(Get-CimInstance -ClassName Win32_ShadowCopy)
	} catch {
		GaWarn ('whether there are shadow copies is not known: ' + (GaWhy $_))
		return
	}
	foreach ($copy in $copies) {
		GaWarn ('the shadow copy ' + $copy.ID + ' of ' + $copy.VolumeName + ' holds what the disk held when it was made; remove it by vssadmin delete shadows')
	}
}
