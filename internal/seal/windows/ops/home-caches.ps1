# operation: home-caches
# default: off
# reason: caches of browsers and package managers, which tell what the build fetched
# paths: INetCache, npm-cache, pip, NuGet and Go's caches in every profile

function home-caches-trees {
	foreach ($folder in @(GaProfiles)) {
		foreach ($name in 'Microsoft\Windows\INetCache', 'npm-cache', 'pip\Cache', 'NuGet\v3-cache', 'go-build') {
			Join-Path $folder (Join-Path 'AppData\Local' $name)
		}
	}
}

function seal-home-caches {
	foreach ($dir in @(home-caches-trees)) { GaClear $dir }
}

function check-home-caches {
	foreach ($dir in @(home-caches-trees)) { GaLeftBelow $dir }
}
