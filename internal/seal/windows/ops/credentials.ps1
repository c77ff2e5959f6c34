# operation: credentials
# reason: whoever starts an instance would have the logins of the build
# paths: in every profile: AWS, Azure, Google Cloud, Docker, Git, pip, npm, Cargo, Kubernetes, Terraform, Vault, GitHub CLI, .netrc and
#   others, and Windows' own credential store of users; a variable of the machine that holds an AWS key is a warning
#
# Configuration that holds no secret is content of the image: files that may be
# either go only where a line of theirs is a secret.

$GaCredentialFiles = @('.aws\credentials', '.netrc', '_netrc', '.git-credentials', '.vault-token', '.pypirc', '.s3cfg', '.boto', '.pgpass', '.cargo\credentials', '.cargo\credentials.toml', '.gem\credentials', '.terraform.d\credentials.tfrc.json', '.databrickscfg', '.m2\settings-security.xml', 'AppData\Roaming\postgresql\pgpass.conf', 'AppData\Roaming\terraform.d\credentials.tfrc.json', 'AppData\Roaming\GitHub CLI\hosts.yml', 'AppData\Roaming\rclone\rclone.conf', 'AppData\Roaming\doctl\config.yaml', 'AppData\Roaming\Composer\auth.json')
$GaCredentialTrees = @('.aws\sso\cache', '.aws\cli\cache', '.azure', '.kube\cache', '.oci', 'AppData\Roaming\gcloud', 'AppData\Local\Microsoft\Credentials', 'AppData\Roaming\Microsoft\Credentials')
$GaCredentialLines = @(
	'.aws\config', '(aws_secret_access_key|aws_session_token)\s*=',
	'.docker\config.json', '"(auth|identitytoken|registrytoken|password)"',
	'.npmrc', '(_auth|_authToken|_password)\s*=',
	'.kube\config', '(token|client-key-data|client-key|password):',
	'pip\pip.ini', '://[^/@\s]+:[^/@\s]+@',
	'AppData\Roaming\pip\pip.ini', '://[^/@\s]+:[^/@\s]+@',
	'.m2\settings.xml', '<(password|passphrase|privateKey)>',
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

function seal-credentials {
	GaDestroy @(credentials-files)
	foreach ($dir in @(credentials-trees)) { GaWipe $dir }
}

function check-credentials {
	GaLeft @(credentials-files)
	foreach ($dir in @(credentials-trees)) { GaSecretBelow $dir }
	$variables = [Environment]::GetEnvironmentVariables([EnvironmentVariableTarget]::Machine)
	foreach ($name in @($variables.Keys)) {
		if (($name -eq 'AWS_SECRET_ACCESS_KEY') -or ([string]$variables[$name] -cmatch '\b(AKIA|ASIA)[A-Z2-7]{16}\b')) {
			GaWarn ('the machine''s environment variable ' + $name + ' holds an AWS key')
		}
	}
}
