# ---- forbidden: strings that must not stand anywhere, and the user's own scanner ----
# The strings reach grep by a pipe and by the environment of root's
# own processes: arguments are for everybody's eyes, and audit logs keep them.

# Where NUL bytes stand, BusyBox sees a line no further: they are ends of lines
# here. It is done to many files at once, and to each where these have any.
# shellcheck disable=SC2016 # the inner shell expands it
forbidden_search='has() { printf "%s\n" "$GA_PATTERNS" | { exec 5<&0; cat -- "$@" | tr "\000" "\n" | grep -qF -f /dev/fd/5; }; }
has "$@" || exit 0
[ $# != 1 ] || printf "%s\n" "$1"
[ $# = 1 ] || for f; do ! has "$f" || printf "%s\n" "$f"; done'

# forbidden_everywhere: one pass for all strings together, and one for each over
# the few files that have any.
forbidden_everywhere() {
	export GA_PATTERNS="$GA_FORBIDDEN"
	[ -r /dev/fd/0 ] || evidence "forbidden_strings (not looked for: there is no /dev/fd, is /proc mounted?)"
	deadline=$(($(date +%s) + GA_SCAN_TIMEOUT))
	disks=" $(stat -c %d -- "$GA_ROOT/") " top=${disks#?}
	for place in "$GA_ROOT"/* "$GA_ROOT"/.[!.]*; do
		if [ -L "$place" ]; then continue; fi
		if [ -f "$place" ]; then forbidden_in "$place"; fi
		[ ! -d "$place" ] || [ "$(stat -c %d -- "$place") " != "$top" ] || forbidden_below "$place"
	done
	[ ! -r /proc/mounts ] || forbidden_mounts 4</proc/mounts
}

# forbidden_mounts: every other disk of the guest, once. Names have their blanks
# as \040. What is read-only by its kind came with the system.
forbidden_mounts() {
	while read -r device place kind _ <&4; do
		case $device:$kind in *:squashfs | *:iso9660 | *:erofs) continue ;; /dev/*) ;; *) continue ;; esac
		place=$(printf %b "$(printf '%s\n' "$place" | sed 's/\\/\\0/g')")
		case $place in "$GA_ROOT"/?*) ;; *) continue ;; esac
		[ -d "$place" ] && disk=$(stat -c %d -- "$place") || continue
		case $disks in *" $disk "*) continue ;; esac
		disks="$disks$disk "
		forbidden_below "$place"
	done
}

# forbidden_below DIR: within what is left of the time. Names come one to a line,
# and those that hold a newline are told by themselves.
forbidden_below() {
	seconds=$((deadline - $(date +%s)))
	[ "$seconds" -gt 0 ] || {
		forbidden_incomplete "$1"
		return 0
	}
	bounded=
	! command -v timeout >/dev/null 2>&1 || bounded="timeout $seconds"
	holders=$(
		$bounded find "$1" -xdev -type f -size -524289 ! -path "*$newline*" -exec sh -c "$forbidden_search" sh {} + 2>/dev/null
		case $? in 124 | 143) echo /timeout ;; esac
		find "$1" -xdev -type f -size +524288 ! -path "*$newline*" 2>/dev/null | head -n 20 | sed 's,^,/large,'
	)
	bounded=
	set -f
	IFS=$newline
	for holder in $holders; do
		unset IFS
		case $holder in
		/timeout) forbidden_incomplete "$1" ;;
		"/large$GA_ROOT"/*) warn "${holder#"/large$GA_ROOT"} is larger than 256 MiB, and was not looked at for forbidden strings" ;;
		*) forbidden_in "$holder" ;;
		esac
	done
	unset IFS
	set +f
	left_below "$1" -type f -path "*$newline*" -exec sh -c "${forbidden_search%%"$newline"*}$newline"'has "$@"' sh {} \;
}

# forbidden_in FILE: which of them it holds.
forbidden_in() {
	holder=$1
	each_forbidden forbidden_one
}

# forbidden_one LABEL STRING VERDICT
forbidden_one() {
	printf '%s\n' "$2" | {
		exec 5<&0
		tr '\000' '\n' <"$holder" | grep -qF -f /dev/fd/5
	} 2>/dev/null || return 0
	if [ "$3" = fail ]; then
		evidence "$holder ($1)"
	else
		warn "${holder#"$GA_ROOT"} holds $1"
	fi
}

# What was not looked at may hold any of them.
forbidden_incomplete() { evidence "$1 (not looked at as a whole within ${GA_SCAN_TIMEOUT}s; raise scan_timeout)"; }

# scanner_says: without the descriptor of the report, into which it could write.
scanner_says() {
	set -- sh -c "$GA_SCANNER"
	! command -v timeout >/dev/null 2>&1 || set -- timeout "$GA_SCAN_TIMEOUT" "$@"
	(cd / && GOLDENAMI_ROOT="${GA_ROOT:-/}" exec "$@" </dev/null >/dev/null 2>&1 3>&-)
	said=$?
	case $said in
	0) ;;
	124 | 143) evidence "scanner_command (not done within ${GA_SCAN_TIMEOUT}s; raise scan_timeout)" ;;
	126 | 127) evidence "scanner_command (it cannot be run: exit status $said)" ;;
	*) evidence "scanner_command (exit status $said)" ;;
	esac
}
