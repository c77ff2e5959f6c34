# operation: recycle-bin
# reason: what was deleted during the build is still there
# paths: \$Recycle.Bin of the system drive, without the desktop.ini of each user

function recycle-bin-files {
	foreach ($item in @(GaFiles (Join-Path $env:SystemDrive '\$Recycle.Bin'))) {
		if ($item.Name -ne 'desktop.ini') { $item }
	}
}

function seal-recycle-bin {
	foreach ($item in @(recycle-bin-files)) { GaRemove $item $false }
	foreach ($folder in @(GaFolders (Join-Path $env:SystemDrive '\$Recycle.Bin'))) {
		if ([IO.Path]::GetFileName($folder) -like 'S-1-*') { continue }
		try { [IO.Directory]::Delete($folder, $false) } catch { continue }
	}
}

function check-recycle-bin {
	foreach ($item in @(recycle-bin-files)) { GaLeft @($item.FullName) }
}
