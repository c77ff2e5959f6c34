# ---- check: the words of the checks ----

# GaEvidence TEXT: names what is left; a report needs no more than fifty.
function GaEvidence([string]$text) {
	$GaRun['Found'] += 1
	if ($GaRun['Found'] -le 50) { GaEmit 'left' @($GaRun['Check'], $text) }
}

# GaLeft PATHS: what stands there should not.
function GaLeft([string[]]$paths) {
	foreach ($path in $paths) {
		if ((GaHere $path) -and -not (GaKept $path) -and -not $GaRun['Held'].ContainsKey($path)) { GaEvidence $path }
	}
}

# GaLeftBelow DIR: no file below it should be there. What a service has written since
# the seal began is none of the build's.
function GaLeftBelow([string]$dir) {
	foreach ($item in @(GaFiles $dir)) {
		if ($GaRun['Held'].ContainsKey($item.FullName)) { continue }
		if (($item.CreationTimeUtc -ge $GaRun['Began']) -or ($item.LastWriteTimeUtc -ge $GaRun['Began'])) { continue }
		GaEvidence $item.FullName
	}
}

# GaSecretBelow DIR: GaLeftBelow for secrets, which must not come back either.
function GaSecretBelow([string]$dir) {
	foreach ($item in @(GaFiles $dir)) { GaEvidence $item.FullName }
}
