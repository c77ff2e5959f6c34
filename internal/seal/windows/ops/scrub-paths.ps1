# operation: scrub-paths
# default: scrub_paths
# reason: the template names them as not meant for the image
# paths: what scrub_paths names, files overwritten

function seal-scrub-paths {
	foreach ($path in $GaScrub) {
		if (-not (GaHere $path)) { continue }
		if (-not (GaSolid ([IO.Path]::GetDirectoryName($path)))) {
			GaFail ($path + ' is reached through a link, so it is not touched')
			continue
		}
		$item = Get-Item -LiteralPath $path -Force
		if ((-not $item.PSIsContainer) -or (GaIsLink $item)) {
			GaRemove $item $true
			continue
		}
		GaWipe $path
		scrub-paths-folders $path
	}
}

# scrub-paths-folders DIR: the folders that are empty now, those named by a number too.
function scrub-paths-folders([string]$path) {
	foreach ($folder in (@(GaFolders $path) + @($path))) {
		try { [IO.Directory]::Delete($folder, $false) } catch { continue }
	}
}

function check-scrub-paths {
	foreach ($path in $GaScrub) {
		if ([IO.Directory]::Exists($path)) { GaSecretBelow $path } else { GaLeft @($path) }
	}
}
