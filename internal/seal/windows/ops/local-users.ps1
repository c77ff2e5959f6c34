# operation: local-users
# reason: an account that the build made opens every instance, with one password for all
# paths: local accounts that can log in, but for the built-in Administrator and keep_users: each is a warning, none is removed

function seal-local-users { }

function check-local-users {
	foreach ($account in @(Get-CimInstance -ClassName Win32_UserAccount -Filter 'LocalAccount=True AND Disabled=False')) {
		if (($account.SID -like '*-500') -or ($GaKeepUsers -contains $account.Name)) { continue }
		GaWarn ('the local account ' + $account.Name + ' can log in to every instance; disable it, or name it in keep_users')
	}
}
