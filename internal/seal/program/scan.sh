# ---- scan: secrets by their looks, in files that no operation knows ----

# scan_rules FUNCTION: calls it with the name and the pattern of each rule. Only
# what a prefix tells for sure: entropy and words like "password" would report
# every second file. No pattern may hold "{}", which is find's, or "#", sed's.
scan_rules() {
	"$1" private-key '-----BEGIN[A-Z0-9 ]*PRIVATE KEY'
	# "-----BEGIN" and a kind of key, as in the configuration of Kubernetes' clients.
	"$1" private-key-base64 'LS0tLS1CRUdJTiB(SU0Eg|QUklW|FQyBQ|PUEVO|FTkNS|EU0Eg)'
	"$1" putty-key 'PuTTY-User-Key-File-[0-9]'
	"$1" age-key 'AGE-SECRET-KEY-1[0-9A-Z]{58}'
	"$1" aws-access-key '(A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}'
	"$1" aws-secret-key "([Ss]ecret_?[Aa]ccess_?[Kk]ey|SECRET_ACCESS_KEY)[\"']?[[:space:]]*[=:][[:space:]]*[\"']?[0-9A-Za-z/+]{40}"
	"$1" aws-bedrock-key 'ABSK[A-Za-z0-9+/]{109,}'
	"$1" anthropic-key 'sk-ant-(api|admin)[0-9]{2}-[0-9A-Za-z_-]{20,}'
	"$1" artifactory-key 'AKCp[A-Za-z0-9]{69}'
	"$1" databricks-token 'dapi[a-f0-9]{32}'
	"$1" digitalocean-token 'do[opr]_v1_[a-f0-9]{64}'
	"$1" docker-token 'dckr_pat_[0-9A-Za-z_-]{27}'
	"$1" github-token 'gh[pousr]_[0-9A-Za-z]{36}'
	"$1" github-pat 'github_pat_[0-9A-Za-z_]{82}'
	"$1" gitlab-token 'gl(pat|ptt|rt|dt)-[0-9A-Za-z_-]{20}'
	"$1" google-api-key 'AIza[0-9A-Za-z_-]{35}'
	"$1" huggingface-token 'hf_[A-Za-z]{34}'
	"$1" jwt 'eyJ[0-9A-Za-z_-]{10,}[.]eyJ[0-9A-Za-z_-]{10,}[.][0-9A-Za-z_-]{10,}'
	"$1" npm-token 'npm_[0-9A-Za-z]{36}'
	"$1" onepassword-token 'ops_eyJ[0-9A-Za-z+/=_-]{40,}'
	"$1" openai-key 'sk-(proj|svcacct|admin)-[0-9A-Za-z_-]{40,}'
	"$1" pypi-token 'pypi-AgEIcHlwaS5vcmc[0-9A-Za-z_-]{20,}'
	"$1" sendgrid-key 'SG[.][0-9A-Za-z_-]{16,}[.][0-9A-Za-z_-]{16,}'
	"$1" slack-token '(xox[abeoprs]|xapp)-[0-9A-Za-z-]{10,}'
	"$1" stripe-key '(sk|rk)_live_[0-9A-Za-z]{16,}'
	"$1" terraform-token '[0-9A-Za-z]{14}[.]atlasv1[.][0-9A-Za-z_-]{60,}'
	# shellcheck disable=SC2016 # nothing is meant to expand
	"$1" url-password '[a-z][a-z0-9+.-]*://[A-Za-z0-9._%-]+:[^/@:[:space:]"<>$}{]+@[A-Za-z0-9]'
	"$1" vault-token 'hv[sb][.][0-9A-Za-z_-]{24,}'
	"$1" wireguard-key '(PrivateKey|PresharedKey)[[:space:]]*=[[:space:]]*[A-Za-z0-9+/]{43}='
	"$1" ipsec-secret ':[[:space:]]*(PSK|XAUTH|EAP)[[:space:]]+"[^"]'
}

# Files that are secrets by their names, whatever is in them. Stores of public
# certificates have names that say so.
scan_names='*.p12 *.pfx *.jks *.kdbx *.keytab *.tfstate *.tfstate.backup */.htpasswd */wp-config.php */jenkins/secrets/*'
# Settings, which are secrets where a line of theirs sets one.
scan_settings='*/.env */.env.* *.tfvars'
scan_set='^[[:space:]]*(export[[:space:]]+)?[A-Za-z0-9_]*(secret|token|passw(or)?d|passphrase|api_?key|private_?key)[A-Za-z0-9_]*[[:space:]]*[=:][[:space:]]*["'\'']?[^[:space:]"'\'']'

# scan_everywhere: one pass for all rules together, and one over each of the few
# files that have any.
scan_everywhere() {
	scan_prepare
	and_disks scan_below "$GA_ROOT/"
	[ -r "$mount_table" ] || warn "the secret scan looked at the root's own disk alone: there is no $mount_table"
}

scan_prepare() {
	any='^('$(printf '\377\376|\376\377')')' # UTF-16 begins so
	telling=
	scan_rules scan_add
	as_text=-a
	echo x | grep -aq x 2>/dev/null || as_text= # BusyBox has no other way
	# shellcheck disable=SC2086 # a word or none
	[ "$(echo '-----BEGIN PRIVATE KEY' | grep -Eo $as_text -e "$any" | sed -nE "$telling")" = private-key ] ||
		evidence "secret_scan (not done: this guest's grep or sed cannot be used for it)"
	host_keys=$newline$(sshd_setting HostKey)$newline # the operation ssh-host-keys knows them
	deadline=$(($(date +%s) + GA_SCAN_TIMEOUT))
}

# scan_add RULE PATTERN: to the pattern that knows all, and to sed's program that
# tells the rules by which a text is a secret.
scan_add() {
	any="$any|$2"
	telling="$telling\\#$2#{
h
s/.*/$1/p
g
}
"
}

# scan_below DIR: within what is left of the time.
scan_below() {
	below_it=$1
	set -f # in names and patterns
	set --
	for name in $scan_names $scan_settings; do set -- "$@" -o -path "$name"; done
	shift
	# Names come one to a line; one that holds a newline is told as its parts.
	# (Two searches: in brackets BusyBox forgets what it has collected for -exec.)
	suspects=$(
		scan_files \( "$@" \)
		scan_files ! \( "$@" \) -size -2048 -exec grep -lE -e "$any" -- {} +
	)
	IFS=$newline
	for suspect in $suspects; do
		unset IFS
		if [ "$suspect" = /timeout ] || [ "$(date +%s)" -ge "$deadline" ]; then
			scan_incomplete "$below_it"
			break
		fi
		case $host_keys in *"$newline${suspect#"$GA_ROOT"}$newline"*) continue ;; esac
		scan_suspect "$suspect"
	done
	unset IFS
	set +f
}

# scan_files TESTS: prints which files find selects, but for those of packages,
# containers and tests, and "/timeout" where there was no time for all of them.
scan_files() {
	seconds=$((deadline - $(date +%s)))
	[ "$seconds" -gt 0 ] || {
		echo /timeout
		return 0
	}
	! command -v timeout >/dev/null 2>&1 || bounded="timeout $seconds"
	for name in bin boot dev lib lib32 lib64 libx32 lost+found proc run sbin snap sys; do set -- ! -path "$GA_ROOT_GLOB/$name/*" "$@"; done
	find_below "$below_it" -type f \( ! -path "$GA_ROOT_GLOB/usr/*" -o -path "$GA_ROOT_GLOB/usr/local/*" \) \
		! -path '*/etc/ssh/ssh_host_*' ! -path '*/ssl/certs/*' \
		! -path '*/testdata/*' ! -path '*/test/*' ! -path '*/tests/*' ! -path '*/local/go/*' ! -path '*/node_modules/*' \
		! -path '*/var/lib/docker/*' ! -path '*/var/lib/containerd/*' ! -path '*/var/lib/dpkg/*' ! -path '*/var/lib/rpm/*' \
		! -path '*/var/lib/apt/*' ! -path '*/var/lib/snapd/*' ! -path '*/var/cache/*' ! -path '*/share/doc/*' "$@" 2>/dev/null
	case $? in 124 | 143) echo /timeout ;; esac
	bounded=
}

# scan_suspect FILE: by its name, or else by which rules.
scan_suspect() {
	! scan_allowed "$1" || return 0
	if scan_named "$1"; then
		scan_finding "$1" "secret by its name"
		return 0
	fi
	[ "$(size_of "$1")" -le 1048064 ] || return 0
	# In UTF-16 a NUL byte stands beside each letter.
	case $(head -c 2 -- "$1" 2>/dev/null | od -An -tx1) in
	*"ff fe"* | *"fe ff"*) nul='-d \000' ;;
	*) nul='\000 \n' ;;
	esac
	# The documentation's own examples are none.
	# shellcheck disable=SC2086 # words
	for rule in $(tr $nul <"$1" 2>/dev/null | grep -Eo $as_text -e "$any" |
		grep -Eiv -e 'EXAMPLE(KEY)?$' -e '://(user|username|login):(pass|passwd|password|secret)@' | sed -nE "$telling" | sort -u); do
		scan_finding "$1" "$rule"
	done
}

# scan_named FILE: whether it is a secret by its name.
scan_named() {
	case $1 in */*trust*.jks | */cacerts*.jks | */.env.example | */.env.sample | */.env.template | */.env.dist) return 1 ;; esac
	for name in $scan_names; do
		# shellcheck disable=SC2254 # patterns
		case $1 in $name) return 0 ;; esac
	done
	for name in $scan_settings; do
		# shellcheck disable=SC2254 # patterns
		case $1 in $name) grep -Eiq -e "$scan_set" -- "$1" && return 0 ;; esac
	done
	return 1
}

# scan_finding FILE RULE
scan_finding() {
	if [ "$GA_SECRET_SCAN" = fail ]; then
		evidence "$1 ($2)"
	else
		warn "${1#"$GA_ROOT"} looks like a secret ($2)"
	fi
}

scan_incomplete() {
	warn "the secret scan was not done within ${GA_SCAN_TIMEOUT}s: ${1#"$GA_ROOT"} was not looked at as a whole; raise scan_timeout"
}
