# operation: temp-files
# reason: scripts, installers and logs of the build lie there, with the secrets that they were given
# paths: below \Windows\Temp, AppData\Local\Temp of every profile, \Windows\Prefetch
#
# What a process holds open stays and is a warning: services keep logs there.

function temp-files-places {
	GaTempFolders
	Join-Path $env:SystemRoot 'Prefetch'
}

function seal-temp-files {
	foreach ($dir in @(temp-files-places)) { GaClear $dir }
}

function check-temp-files {
	foreach ($dir in @(temp-files-places)) { GaLeftBelow $dir }
}
