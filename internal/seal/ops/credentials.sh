# operation: credentials
# reason: whoever starts an instance would have the logins of the build
# paths: in every home: AWS, Azure, Google Cloud, Docker, Git, pip, npm, Cargo, RubyGems, Composer, Maven, Kubernetes, Terraform,
#   Vault, Pulumi, GnuPG's private keys, databases, .netrc, rclone, s3cmd, Hugging Face, Kaggle, coding agents, keyrings, cookies of X and
#   others. Warns of passwords in the system's own files: apt's auth.conf, proxies and repositories of dnf, yum and rhsm, WireGuard
#
# Configuration that holds no secret is content of the image: files that may be
# either go only where a line of theirs is a secret.

credentials_home() {
	for name in .netrc .git-credentials .config/git/credentials .vault-token .pypirc .boto .s3cfg .mylogin.cnf .pgpass \
		.aws/credentials .terraform.d/credentials.tfrc.json .config/gh/hosts.yml .config/hub .config/doctl/config.yaml \
		.config/hcloud/cli.toml .config/rclone/rclone.conf .cargo/credentials .cargo/credentials.toml .gem/credentials \
		.composer/auth.json .config/composer/auth.json .m2/settings-security.xml .smbcredentials .databrickscfg \
		.msmtprc .ssh/environment .gnupg/secring.gpg .gnupg/random_seed .cache/huggingface/token .cache/huggingface/stored_tokens \
		.huggingface/token .kaggle/kaggle.json .config/kaggle/kaggle.json .pulumi/credentials.json .config/pypoetry/auth.toml \
		.local/share/uv/credentials/credentials.toml .config/glab-cli/config.yml .fly/config.yml .config/scw/config.yaml .ovh.conf \
		.ivy2/.credentials .sbt/.credentials .jfrog/jfrog-cli.conf .config/sops/age/keys.txt .claude/.credentials.json .codex/auth.json \
		.gemini/oauth_creds.json .config/github-copilot/hosts.json .config/github-copilot/apps.json .google_authenticator .erlang.cookie \
		.Xauthority .ICEauthority; do
		"$credentials_file" "$1/$name"
	done
	for name in .aws/sso/cache .aws/cli/cache .azure .config/gcloud .kube/cache .kube/http-cache .subversion/auth \
		.gnupg/private-keys-v1.d .gnupg/openpgp-revocs.d .oci .aws/login/cache .docker/trust/private .local/share/keyrings; do
		[ ! -d "$1/$name" ] || "$credentials_tree" "$1/$name"
	done
	where_it_says '"(auth|identitytoken|registrytoken|password)"' "$credentials_file" \
		"$1"/.docker/config.json "$1"/.config/containers/auth.json "$1"/.config/helm/registry/config.json
	where_it_says '(_auth|_authToken|_password|npmAuthToken)["]?[[:space:]]*[=:]' "$credentials_file" "$1"/.npmrc "$1"/.yarnrc.yml
	where_it_says '://[^/@[:space:]]+:[^/@[:space:]]+@' "$credentials_file" \
		"$1"/.config/pip/pip.conf "$1"/.pip/pip.conf "$1"/.condarc "$1"/.bundle/config
	where_it_says '(token|client-key-data|client-key|password):' "$credentials_file" "$1"/.kube/config
	where_it_says '(aws_secret_access_key|aws_session_token)[[:space:]]*=' "$credentials_file" "$1"/.aws/config
	where_it_says '^[[:space:]]*token[[:space:]]*=' "$credentials_file" "$1"/.terraformrc
	where_it_says '^[[:space:]]*password[[:space:]]*=' "$credentials_file" "$1"/.my.cnf
	where_it_says '^[[:space:]]*(http-|https-|ftp-|proxy-)?password[[:space:]]*=' "$credentials_file" "$1"/.wgetrc
	where_it_says '"secretKey":[[:space:]]*"[^"]' "$credentials_file" "$1"/.mc/config.json
	where_it_says '[Pp]assword"[[:space:]]+value=|ApiKeys>' "$credentials_file" "$1"/.nuget/NuGet/NuGet.Config "$1"/.config/NuGet/NuGet.Config
	where_it_says '<(password|passphrase|privateKey)>' "$credentials_file" "$1"/.m2/settings.xml
	where_it_says '([Pp]assword|[Tt]oken|[Ss]ecret)[[:alnum:]]*[[:space:]]*=' "$credentials_file" "$1"/.gradle/gradle.properties
}

credentials_seal() {
	credentials_file=destroy credentials_tree=wipe_tree
	each_home credentials_home
}

credentials_check() {
	credentials_file=left credentials_tree=left_files
	each_home credentials_home
	where_it_says '(^|[[:space:]])password[[:space:]]+[^[:space:]]' credentials_warn "$GA_ROOT"/etc/apt/auth.conf "$GA_ROOT"/etc/apt/auth.conf.d/*
	where_it_says '^[[:space:]]*(proxy_)?password[[:space:]]*=[[:space:]]*[^[:space:]]' credentials_warn "$GA_ROOT"/etc/yum.conf \
		"$GA_ROOT"/etc/dnf/dnf.conf "$GA_ROOT"/etc/yum.repos.d/* "$GA_ROOT"/etc/rhsm/rhsm.conf
	where_it_says '^[[:space:]]*(PrivateKey|PresharedKey)[[:space:]]*=' credentials_warn "$GA_ROOT"/etc/wireguard/*
}

# Instances may need it to get their updates.
credentials_warn() {
	kept "$1" || warn "${1#"$GA_ROOT"} holds a password or a key that all instances will have; name it in scrub_paths if they must not, or in keep"
}
