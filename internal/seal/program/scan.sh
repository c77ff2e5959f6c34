# ---- scan: secrets by their looks, in files that no operation knows ----

# scan_rules FUNCTION: calls it with the name and the pattern of each rule. Only
# what a prefix tells for sure: entropy and words like "password" would report
# every second file. No pattern may hold "{}", which is find's, or "#", sed's.
scan_rules() {
	"$1" private-key '-----BEGIN[A-Z0-9 ]*PRIVATE KEY'
	"$1" putty-key 'PuTTY-User-Key-File-[0-9]'
	"$1" age-key 'AGE-SECRET-KEY-1[0-9A-Z]{58}'
	"$1" aws-access-key '(A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}'
	"$1" aws-secret-key "aws_secret_access_key[\"']?[[:space:]]*[=:][[:space:]]*[\"']?[0-9A-Za-z/+]{40}"
	"$1" aws-bedrock-key 'ABSK[A-Za-z0-9+/]{109,}'
	"$1" anthropic-key 'sk-ant-api03-[0-9A-Za-z_-]{20,}'
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
	"$1" openai-key 'sk-proj-[0-9A-Za-z_-]{40,}'
	"$1" pypi-token 'pypi-AgEIcHlwaS5vcmc[0-9A-Za-z_-]{20,}'
	"$1" sendgrid-key 'SG[.][0-9A-Za-z_-]{16,}[.][0-9A-Za-z_-]{16,}'
	"$1" slack-token 'xox[abeoprs]-[0-9A-Za-z-]{10,}'
	"$1" stripe-key '(sk|rk)_live_[0-9A-Za-z]{16,}'
	"$1" terraform-token '[0-9A-Za-z]{14}[.]atlasv1[.][0-9A-Za-z_-]{60,}'
	# shellcheck disable=SC2016 # nothing is meant to expand
	"$1" url-password '[a-z][a-z0-9+.-]*://[A-Za-z0-9._%-]+:[^/@:[:space:]"<>$}{]+@[A-Za-z0-9]'
	"$1" vault-token 'hv[sb][.][0-9A-Za-z_-]{24,}'
}

# scan_everywhere: one pass for all rules together, and one over each of the few
# files that have any.
scan_everywhere() {
	any='^('$(printf '\377\376|\376\377')')' # UTF-16 begins so
	telling=
	scan_rules scan_add
	as_text=-a
	echo x | grep -aq x 2>/dev/null || as_text= # BusyBox has no other way
	host_keys=$newline$(sshd_setting HostKey)$newline # the operation ssh-host-keys knows them
	# shellcheck disable=SC2086 # a word or none
	[ "$(echo '-----BEGIN PRIVATE KEY' | grep -Eo $as_text -e "$any" | sed -nE "$telling")" = private-key ] ||
		evidence "secret_scan (not done: this guest's grep or sed cannot be used for it)"
	deadline=$(($(date +%s) + GA_SCAN_TIMEOUT))
	set -f
	for dir in etc home root opt srv usr/local var; do
		[ -d "$GA_ROOT/$dir" ] && inside "$GA_ROOT/$dir" || continue
		scan_below "$real"
	done
	set +f
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
	seconds=$((deadline - $(date +%s)))
	if [ "$seconds" -le 0 ]; then
		scan_incomplete "$1"
		return 0
	fi
	! command -v timeout >/dev/null 2>&1 || bounded="timeout $seconds"
	# Names come one to a line; one that holds a newline is told as its parts.
	suspects=$(
		find_below "$1" -type f -size -2048 ! -path '*/ssh_host_*' ! -path '*/ssl/certs/*' \
			! -path '*/testdata/*' ! -path '*/test/*' ! -path '*/tests/*' ! -path '*/local/go/*' ! -path '*/node_modules/*' \
			! -path '*/lib/docker/*' ! -path '*/lib/containerd/*' ! -path '*/lib/dpkg/*' ! -path '*/lib/rpm/*' ! -path '*/lib/apt/*' \
			! -path '*/snapd/*' ! -path '*/share/doc/*' ! -path '*/cache/*' -exec grep -lE -e "$any" -- {} + 2>/dev/null
		case $? in 124 | 143) echo /timeout ;; esac
	)
	bounded=
	IFS=$newline
	for suspect in $suspects; do
		unset IFS
		case $suspect in
		/timeout) scan_incomplete "$1" ;;
		*)
			case $host_keys in *"$newline${suspect#"$GA_ROOT"}$newline"*) continue ;; esac
			scan_allowed "$suspect" || scan_suspect
			;;
		esac
	done
	unset IFS
}

# scan_suspect: by which rules. In UTF-16 a NUL byte stands beside each letter. The
# documentation's own examples are none.
scan_suspect() {
	case $(head -c 2 -- "$suspect" 2>/dev/null | od -An -tx1) in
	*"ff fe"* | *"fe ff"*) nul='-d \000' ;;
	*) nul='\000 \n' ;;
	esac
	# shellcheck disable=SC2086 # words
	for rule in $(tr $nul <"$suspect" 2>/dev/null | grep -Eo $as_text -e "$any" |
		grep -Eiv -e 'EXAMPLE(KEY)?$' -e '://(user|username|login):(pass|passwd|password|secret)@' | sed -nE "$telling" | sort -u); do
		if [ "$GA_SECRET_SCAN" = fail ]; then
			evidence "$suspect ($rule)"
		else
			warn "${suspect#"$GA_ROOT"} looks like a secret ($rule)"
		fi
	done
}

scan_incomplete() {
	warn "the secret scan was not done within ${GA_SCAN_TIMEOUT}s: ${1#"$GA_ROOT"} was not looked at as a whole; raise scan_timeout"
}
