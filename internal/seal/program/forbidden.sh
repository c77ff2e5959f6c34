# ---- forbidden: strings that must not stand anywhere, and the user's own scanner ----
# The strings reach grep by a pipe and by the environment of root's
# own processes: arguments are for everybody's eyes, and audit logs keep them.

# Where NUL bytes stand, BusyBox sees a line no further: a byte 1 takes their
# place, one for many in a row. In UTF-16 it stands between the letters then, so
# each string is looked for in that form too.
# It is done to many files at once, then to fewer, and to each where these
# have any: processes are what takes the time. A grep that comes to no end, as where
# memory is short, has not said that there is none.
# shellcheck disable=SC2016 # the inner shell expands it
forbidden_has='has() { printf "%s\n" "$GA_PATTERNS" "$GA_SPREAD" | { exec 5<&0; cat -- "$@" | tr -s "\000" "\001" | grep -qF -f /dev/fd/5; }; }
none() { has "$@"; [ $? = 1 ]; }
! none "$@"'
# shellcheck disable=SC2016
forbidden_search="$forbidden_has"' || exit 0
few() { none "$@" || for f; do none "$f" || printf "%s\n" "$f"; done; }
some=0
for f; do
	[ $some != 0 ] || set --
	set -- "$@" "$f"
	some=$((some + 1))
	[ $some -lt 40 ] || { few "$@"; some=0; }
done
[ $some = 0 ] || few "$@"'

# forbidden_everywhere: one pass for all strings together, and one for each over
# the few files that have any.
forbidden_everywhere() {
	between=$(printf '\001')
	export GA_PATTERNS="$GA_FORBIDDEN" GA_SPREAD
	GA_SPREAD=$(spread "$GA_FORBIDDEN")
	[ -r /dev/fd/0 ] || evidence "forbidden_strings (not looked for: there is no /dev/fd, is /proc mounted?)"
	deadline=$(($(date +%s) + GA_SCAN_TIMEOUT))
	and_disks forbidden_below "$GA_ROOT/"
}

# spread LINES: them with a byte 1 between the letters.
spread() { printf '%s\n' "$1" | sed -e "s/./&$between/g" -e "s/$between\$//"; }

# forbidden_below DIR: in one walk, within what is left of the time. Names come one
# to a line, and those that hold a newline are told by themselves.
forbidden_below() {
	seconds=$((deadline - $(date +%s)))
	[ "$seconds" -gt 0 ] || {
		forbidden_incomplete "$1"
		return 0
	}
	bounded=
	! command -v timeout >/dev/null 2>&1 || bounded="timeout $seconds"
	# shellcheck disable=SC2016 # the inner shell expands it
	holders=$(
		$bounded find "$1" -xdev -type f -size -524289 ! -path "*$newline*" -exec sh -c "$forbidden_search" sh {} + \
			-o -type f -size +524288 ! -path "*$newline*" -exec sh -c 'for f; do printf "/large%s\n" "$f"; done' sh {} + \
			-o -type f -path "*$newline*" -exec sh -c 'echo /newline' sh {} + 2>/dev/null
		case $? in 124 | 143) echo /timeout ;; esac
	)
	bounded=
	set -f
	IFS=$newline
	for holder in $holders; do
		unset IFS
		case $holder in
		/timeout) forbidden_incomplete "$1" ;;
		/newline) left_below "$1" -type f -path "*$newline*" -exec sh -c "$forbidden_has" sh {} \; ;;
		"/large$GA_ROOT"/*) warn "${holder#"/large$GA_ROOT"} is larger than 256 MiB, and was not looked at for forbidden strings" ;;
		*) forbidden_in "$holder" ;;
		esac
	done
	unset IFS
	set +f
}

# forbidden_in FILE: which of them it holds.
forbidden_in() {
	holder=$1
	each_forbidden forbidden_one
}

# forbidden_one LABEL STRING VERDICT
forbidden_one() {
	printf '%s\n' "$2" "$(spread "$2")" | {
		exec 5<&0
		tr -s '\000' '\001' <"$holder" | grep -qF -f /dev/fd/5
	} 2>/dev/null
	case $? in
	0) ;;
	1) return 0 ;;
	*)
		evidence "$holder (not looked at for $1: grep failed)"
		return 0
		;;
	esac
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
