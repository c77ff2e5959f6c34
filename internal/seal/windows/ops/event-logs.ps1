# operation: event-logs
# reason: logins, commands and scripts of the build, in full where script block logging is on
# paths: every administrative and operational event log; what Windows writes about the clearing stays
#
# Last, because everything before it is logged. A log that Windows does not let go of
# is a warning: generalizing clears those.

function event-logs-all {
	foreach ($log in @(Get-WinEvent -ListLog '*' -Force -ErrorAction SilentlyContinue)) {
		$type = [string]$log.LogType
		if ((($type -eq 'Administrative') -or ($type -eq 'Operational')) -and ($log.RecordCount -gt 0)) { $log.LogName }
	}
}

function seal-event-logs {
	$session = [Diagnostics.Eventing.Reader.EventLogSession]::GlobalSession
	foreach ($name in @(event-logs-all)) {
		try {
			$session.ClearLog($name)
			$GaRun['Removed'] += 1
		} catch {
			$GaRun['Held'][$name] = $true
			GaWarn ('the event log ' + $name + ' cannot be cleared: ' + (GaWhy $_))
		}
	}
}

function check-event-logs {
	foreach ($name in @(event-logs-all)) {
		if ($GaRun['Held'].ContainsKey($name)) { continue }
		foreach ($entry in @(Get-WinEvent -LogName $name -Oldest -MaxEvents 1 -ErrorAction SilentlyContinue)) {
			if ($entry.TimeCreated.ToUniversalTime() -lt $GaRun['Began']) { GaEvidence ('the event log ' + $name) }
		}
	}
}
