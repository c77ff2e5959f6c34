# operation: crash-dumps
# reason: a dump is the memory of a process or of the machine, with every secret that was in it
# paths: \Windows\MEMORY.DMP, Minidump, LiveKernelReports, Windows Error Reporting of the machine and of every profile, CrashDumps

function crash-dumps-trees {
	Join-Path $env:SystemRoot 'Minidump'
	Join-Path $env:SystemRoot 'LiveKernelReports'
	foreach ($name in 'ReportArchive', 'ReportQueue', 'Temp') { Join-Path $env:ProgramData (Join-Path 'Microsoft\Windows\WER' $name) }
	foreach ($folder in @(GaProfiles)) {
		Join-Path $folder 'AppData\Local\CrashDumps'
		Join-Path $folder 'AppData\Local\Microsoft\Windows\WER'
	}
}

function crash-dumps-files { Join-Path $env:SystemRoot 'MEMORY.DMP' }

function seal-crash-dumps {
	GaDrop @(crash-dumps-files)
	foreach ($dir in @(crash-dumps-trees)) { GaClear $dir }
}

function check-crash-dumps {
	GaLeft @(crash-dumps-files)
	foreach ($dir in @(crash-dumps-trees)) { GaLeftBelow $dir }
}
