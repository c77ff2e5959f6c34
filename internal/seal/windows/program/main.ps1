# ---- main: runs the selected operations, then looks at all of them ----

# GaSealOne NAME: no error of one operation keeps the others from running.
function GaSealOne([string]$name) {
	$GaRun['Removed'] = 0
	$GaRun['Bytes'] = [int64]0
	$GaRun['Failures'] = 0
	$GaRun['Reason'] = ''
	try { & ('seal-' + $name) | Out-Null } catch { GaFail (GaWhy $_) }
	$result = 'sealed'
	if ($GaRun['Failures'] -gt 0) {
		$result = 'failed'
		$GaRun['Status'] = 1
	}
	if ($GaRun['Failures'] -gt 3) { $GaRun['Reason'] += '; and ' + ($GaRun['Failures'] - 3) + ' more' }
	GaEmit 'op' @($name, $result, [string]$GaRun['Removed'], [string]$GaRun['Bytes'], $GaRun['Reason'])
}

function GaCheckOne([string]$name) {
	$GaRun['Check'] = $name
	$GaRun['Found'] = 0
	try { & ('check-' + $name) | Out-Null } catch { GaFail ('could not be looked at: ' + (GaWhy $_)) }
	GaEmit 'check' @($name, [string]$GaRun['Found'])
	if ($GaRun['Found'] -gt 0) { $GaRun['Status'] = 1 }
	$GaRun['Check'] = ''
}

# GaLater TEXT: something that only sysprep's step can do, for this is still needed
# or is done by generalizing alone.
function GaLater([string]$text) { GaEmit 'sysprep' @($GaRun['Later'], $text) }

function GaLaterOne([string]$name) {
	$GaRun['Later'] = $name
	try { & ('later-' + $name) | Out-Null } catch { GaWarn ($name + ' could not be looked at: ' + (GaWhy $_)) }
}

function GaMain {
	GaEmit 'start' @($GaMode)
	GaPreflight
	if ($GaRun['Refused']) {
		$GaRun['Status'] = 2
		GaEmit 'end' @('2')
		return
	}
	if ($GaMode -eq 'seal') {
		foreach ($name in $GaOperations) { GaSealOne $name }
	}
	foreach ($name in $GaOperations) { GaCheckOne $name }
	foreach ($name in $GaLaters) { GaLaterOne $name }
	GaEmit 'end' @([string]$GaRun['Status'])
}

# Nothing above this line has done anything.
GaMain
exit $GaRun['Status']
