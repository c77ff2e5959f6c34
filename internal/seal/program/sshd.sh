# ---- sshd: settings that hold, whatever else its configuration says ----

# sshd_configuration: sets "main" to the file that sshd reads first.
sshd_configuration() {
	for main in "$GA_ROOT/etc/ssh/sshd_config" "$GA_ROOT/usr/etc/ssh/sshd_config"; do
		[ ! -f "$main" ] || return 0
	done
	return 1
}

# sshd_lines FILE: its lines with those of included files in their place, each
# after "g" or, where only some users or hosts are meant, "m". A subshell, so
# that a Match of an included file ends with that file.
sshd_lines() (
	set -f
	while IFS= read -r line || [ -n "$line" ]; do
		line=${line#"${line%%[![:space:]]*}"}
		case $line in
		[Ii][Nn][Cc][Ll][Uu][Dd][Ee][[:space:]=]*)
			# shellcheck disable=SC2086 # one Include names several files
			set -- ${line#???????}
			for named; do
				named=${named#=}
				case $named in '') continue ;; /*) ;; *) named=/etc/ssh/$named ;; esac
				sshd_included "$GA_ROOT${named%/*}" "${named##*/}"
			done
			;;
		[Mm][Aa][Tt][Cc][Hh][[:space:]]*) scope=m ;;
		*) printf '%s %s\n' "$scope" "$line" ;;
		esac
	done <"$1"
)

# sshd_included DIR PATTERN: in a directory of its own, since only there the
# pattern can stand without quotes.
sshd_included() {
	(
		cd "$1" 2>/dev/null || exit 0
		set +f
		for included in $2; do
			[ ! -f "$included" ] || sshd_lines "$PWD/$included"
		done
	)
}

# sshd_asked USER: what sshd itself says would hold for this user. From 9.3 on
# it needs no host key for that (-G); before, it does (-T), and any key will do.
sshd_asked() {
	$GA_LIVE && command -v sshd >/dev/null 2>&1 || return 1
	who=user=$1,host=localhost,addr=192.0.2.1
	! sshd -G -C "$who" 2>/dev/null || return 0
	for key in /etc/ssh/ssh_host_*_key; do
		[ ! -f "$key" ] || ! sshd -T -h "$key" -C "$who" 2>/dev/null || return 0
	done
	scratch=$(mktemp -d /run/goldenami.XXXXXX) || return 1
	ssh-keygen -q -t ed25519 -N '' -f "$scratch/key" >/dev/null 2>&1 && sshd -T -h "$scratch/key" -C "$who" 2>/dev/null
	answered=$?
	rm -f -- "$scratch/key" "$scratch/key.pub"
	rmdir -- "$scratch"
	return "$answered"
}

# sshd_effective USER: sets "effective" to the settings that hold, one to a
# line, the first of a name first: sshd takes the first value that it reads.
# Where sshd cannot be asked, its files are read.
sshd_effective() {
	sshd_answers=true
	effective=$(sshd_asked "$1") && [ -n "$effective" ] || {
		sshd_answers=false scope=g
		effective=$(sshd_lines "$main" | sed -n -e 's/^g //p' | sed -e 's/"//g' -e 's/[[:space:]=][[:space:]=]*/ /g')
	}
	effective=$newline$(printf '%s\n' "$effective" | tr '[:upper:]' '[:lower:]')$newline
}

# sshd_is KEYWORD VALUE...: whether the setting that holds is one of these.
sshd_is() {
	case $effective in *"$newline$1 "*) ;; *) return 1 ;; esac
	value=${effective#*"$newline$1 "}
	value=${value%%"$newline"*}
	shift
	for allowed; do
		[ "$value" != "$allowed" ] || return 0
	done
	return 1
}

# sshd_set NAME LINES HOLDS: makes the lines hold, as the function HOLDS tells,
# and touches nothing where they do already. First by a file that is included
# before others; where there is no Include (OpenSSH before 8.2), or where
# something stands before it, by lines at the top of the main file.
sshd_set() {
	sshd_configuration || return 0
	! "$3" || return 0
	case $main in "$GA_ROOT"/usr/*) ;; *) may_touch "$main" || return 0 ;; esac
	if grep -Eiq '^[[:space:]]*include[[:space:]=].*sshd_config\.d/' "$main"; then
		sshd_drop_in "$GA_ROOT/etc/ssh/sshd_config.d" "$1" "$2"
		! "$3" || return 0
	fi
	case $main in
	"$GA_ROOT"/usr/*) fail "${main#"$GA_ROOT"} belongs to the package and does not let /etc/ssh/sshd_config.d set this" ;;
	*)
		begin="# goldenami-seal: begin $1" end="# goldenami-seal: end $1"
		rewrite "$main" "$begin$newline$2$newline$end$newline$(sed "/^$begin\$/,/^$end\$/d" "$main")"
		;;
	esac
}

# sshd_drop_in DIR NAME LINES
sshd_drop_in() {
	inside "${1%/*}" && mkdir -p "$1" && inside "$1" || return 0
	dropped=$1/00-goldenami-$2.conf
	if [ -L "$dropped" ] || kept "$dropped"; then return 0; fi
	if (printf '%s\n' "$3" >"$dropped") 2>/dev/null; then
		chmod 0600 "$dropped"
		removed=$((removed + 1))
	else
		fail "${dropped#"$GA_ROOT"} cannot be written"
	fi
}

# sshd_left HOLDS: the check of sshd_set.
sshd_left() {
	sshd_configuration || return 0
	"$1" || kept "$main" || evidence "$main ($unmet)"
}
