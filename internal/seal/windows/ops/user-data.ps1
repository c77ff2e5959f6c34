# operation: user-data
# reason: the launch agents keep a copy of the build's user data, with every secret in it
# paths: EC2Launch* and Amazon\EC2-Windows in the Temp of every profile, UserScript.* in \Windows\Temp and in EC2Config's Scripts, overwritten

function user-data-trees {
	foreach ($dir in @(GaTempFolders)) {
		foreach ($item in @(GaNamed $dir @('EC2Launch*'))) {
			if ($item.PSIsContainer) { $item.FullName }
		}
		Join-Path $dir 'Amazon\EC2-Windows'
	}
}

function user-data-files {
	foreach ($dir in @((Join-Path $env:SystemRoot 'Temp'), (Join-Path $env:ProgramFiles 'Amazon\Ec2ConfigService\Scripts'))) {
		foreach ($item in @(GaNamed $dir @('UserScript.*', 'UserdataExecution*'))) {
			if (-not $item.PSIsContainer) { $item.FullName }
		}
	}
}

function seal-user-data {
	foreach ($dir in @(user-data-trees)) { GaWipe $dir }
	GaDestroy @(user-data-files)
}

function check-user-data {
	foreach ($dir in @(user-data-trees)) { GaSecretBelow $dir }
	GaLeft @(user-data-files)
}
