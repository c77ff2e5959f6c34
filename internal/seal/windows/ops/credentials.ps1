# operation: credentials
# reason: whoever starts an instance would have the logins of the build
# paths: in every profile: AWS with its tools for PowerShell, Azure, Google Cloud, Docker, Git, pip, npm, Cargo, Kubernetes, Terraform, Vault, GitHub
#   CLI, FileZilla, .netrc and others, and Windows' own credential store of users; sessions of WinSCP, and host keys of PuTTY, of users who are
#   logged in; a variable of the machine or of such a user that holds an AWS key is a warning
#
# Configuration that holds no secret is content of the image: files that may be
# either go only where a line of theirs is a secret.

$GaCredentialFiles = @('.aws\credentials', '.netrc', '_netrc', '.git-credentials', '.vault-token', '.pypirc', '.s3cfg', '.boto', '.pgpass', '.cargo\credentials', '.cargo\credentials.toml', '.gem\credentials', '.terraform.d\credentials.tfrc.json', '.databrickscfg', '.m2\settings-security.xml', 'AppData\Roaming\postgresql\pgpass.conf', 'AppData\Roaming\terraform.d\credentials.tfrc.json', 'AppData\Roaming\GitHub CLI\hosts.yml', 'AppData\Roaming\rclone\rclone.conf', 'AppData\Roaming\doctl\config.yaml', 'AppData\Roaming\Composer\auth.json', 'AppData\Local\AWSToolkit\RegisteredAccounts.json', '.config\gh\hosts.yml', 'AppData\Roaming\FileZilla\sitemanager.xml', 'AppData\Roaming\FileZilla\recentservers.xml')
$GaCredentialTrees = @('.aws\sso\cache', '.aws\cli\cache', '.azure', '.kube\cache', '.oci', 'AppData\Roaming\gcloud', 'AppData\Local\Microsoft\Credentials', 'AppData\Roaming\Microsoft\Credentials')
$GaCredentialLines = @(
	'.aws\config', '(aws_secret_access_key|aws_session_token)\s*=',
	'.docker\config.json', '"(auth|identitytoken|registrytoken|password)"',
	'.npmrc', '(_auth|_authToken|_password)\s*=',
	'.kube\config', '(token|client-key-data|client-key|password):',
	'pip\pip.ini', '://[^/@\s]+:[^/@\s]+@',
	'AppData\Roaming\pip\pip.ini', '://[^/@\s]+:[^/@\s]+@',
	'.m2\settings.xml', '<(password|passphrase|privateKey)>',
	'AppData\Roaming\terraform.rc', 'token\s*=',
	'AppData\Roaming\helm\registry\config.json', '"(auth|identitytoken|registrytoken|password)"',
	'.gradle\gradle.properties', '(password|token|secret)\w*\s*=',
	'AppData\Roaming\NuGet\NuGet.Config', 'ClearTextPassword|"Password"|apikeys'
)

# credentials-profiles: people's. The store of the system's own accounts holds what
# services and scheduled tasks log in with.
function credentials-profiles {
	$system = $env:SystemRoot
	foreach ($folder in @(GaProfiles)) {
		if (-not (GaBelow $folder $system)) { $folder }
	}
}

function credentials-files {
	foreach ($folder in @(credentials-profiles)) {
		foreach ($name in $GaCredentialFiles) { Join-Path $folder $name }
		for ($i = 0; $i -lt $GaCredentialLines.Count; $i += 2) {
			$path = Join-Path $folder $GaCredentialLines[$i]
			if ([IO.File]::Exists($path) -and ([IO.File]::ReadAllText($path) -match $GaCredentialLines[$i + 1])) { $path }
		}
	}
}

function credentials-trees {
	foreach ($folder in @(credentials-profiles)) {
		foreach ($name in $GaCredentialTrees) { Join-Path $folder $name }
	}
}

function credentials-keys {
	foreach ($hive in @(GaHives)) {
		foreach ($name in 'Martin Prikryl\WinSCP 2\Sessions', 'SimonTatham\PuTTY\SshHostKeys') {
			$key = $hive + '\Software\' + $name
			if (Test-Path -LiteralPath $key) { $key }
		}
	}
}

function seal-credentials {
	GaDestroy @(credentials-files)
	foreach ($dir in @(credentials-trees)) { GaWipe $dir }
	foreach ($key in @(credentials-keys)) {
		Remove-Item -LiteralPath $key -Recurse -Force
		$GaRun['Removed'] += 1
	}
}

# credentials-variables KEY WHOSE: what every process of theirs is given.
function credentials-variables([string]$key, [string]$whose) {
	if (-not (Test-Path -LiteralPath $key)) { return }
	$variables = Get-Item -LiteralPath $key
	foreach ($name in @($variables.GetValueNames())) {
		if (($name -eq 'AWS_SECRET_ACCESS_KEY') -or ([string]$variables.GetValue($name) -cmatch '\b(AKIA|ASIA)[A-Z2-7]{16}\b')) {
			GaWarn ($whose + ' environment variable ' + $name + ' holds an AWS key')
		}
	}
}

function check-credentials {
	GaLeft @(credentials-files)
	foreach ($dir in @(credentials-trees)) { GaSecretBelow $dir }
	foreach ($key in @(credentials-keys)) { GaEvidence $key }
	credentials-variables 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Environment' 'the machine''s'
	foreach ($hive in @(GaHives)) { credentials-variables ($hive + '\Environment') 'a user''s' }
}
