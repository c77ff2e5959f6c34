# ---- base: the words in which every operation is written ----
# POSIX sh without "local": each operation runs in a subshell of its own, so its
# variables end with it. A redirection that fails ends a POSIX shell when it
# belongs to a special builtin like ":", so "true >file" is used instead.

set -u
unset CDPATH GREP_OPTIONS
LC_ALL=C
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
export LC_ALL PATH
umask 022
newline='
'

# encode TEXT: sets "word" to one without blanks or control bytes: "t:" and the
# text, or "x:" and its bytes in hex. A file name can so never end a report line.
encode() {
	case $1 in
	'') word=x: ;;
	*[!A-Za-z0-9_./@:+,=-]*) word=x:$(printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n') ;;
	*) word=t:$1 ;;
	esac
}

# emit KIND FIELD...: one line of the report, in one write.
emit() {
	line="@goldenami $GA_NONCE $1"
	shift
	for field; do
		encode "$field"
		line="$line $word"
	done
	printf '%s\n' "$line" >&3
}

# fail TEXT: the running operation has failed; it goes on with the rest.
# The first three reasons are enough to act upon.
fail() {
	failures=$((failures + 1))
	[ "$failures" -le 3 ] || return 0
	reason="${reason:+$reason; }${1%%"$newline"*}"
}

# here PATH: whether anything stands there, a dangling link too.
here() { [ -e "$1" ] || [ -L "$1" ]; }

# may_touch PATH: present, not kept, and inside the root.
may_touch() {
	here "$1" || return 1
	! kept "$1" || return 1
	inside "${1%/*}" && return 0
	outside "$1"
}

# outside PATH: says why it is not touched, where there is something to say.
outside() {
	[ -z "$astray" ] || fail "${1#"$GA_ROOT"} $astray, it is not touched"
	return 1
}

size_of() { stat -c %s -- "$1" 2>/dev/null || echo 0; }

# drop PATH...: unlinks files and links that may show what they held. (The loop
# rebuilds the arguments: those that may not be touched fall out.)
drop() {
	for target; do
		shift
		! removable "$target" || set -- "$@" "$target"
	done
	[ $# = 0 ] || unlink_counted "$@"
}

# removable PATH: a file or a link that may be touched; never a directory or a
# device, which a wrong line in a configuration could name.
removable() {
	may_touch "$1" || return 1
	if [ -f "$1" ] || [ -L "$1" ]; then return 0; fi
	fail "${1#"$GA_ROOT"} is not a file, it is not removed"
	return 1
}

# unlink_counted PATH...
unlink_counted() {
	for size in $(stat -c %s -- "$@" 2>/dev/null); do bytes=$((bytes + size)); done
	if message=$(rm -f -- "$@" 2>&1); then
		removed=$((removed + $#))
	else
		fail "$message"
	fi
}

# overwrite FILE...: random bytes over the same blocks, on the disk before the
# name goes: an unlink first would drop the dirty pages and leave the old ones.
# With -x the size stays what it was.
overwrite() {
	if command -v shred >/dev/null 2>&1 && shred -f -x -n 1 -- "$@" 2>/dev/null; then
		return 0
	fi
	for plain; do
		chmod u+w -- "$plain" 2>/dev/null
		head -c "$(size_of "$plain")" /dev/urandom 2>/dev/null 1<>"$plain" ||
			warn "${plain#"$GA_ROOT"} could not be overwritten, only unlinked"
	done
	sync
}

# destroy PATH...: drop for keys: the blocks are overwritten before the unlink,
# because a snapshot copies every block that was ever written. Never through a
# link, whose target may be any file.
destroy() {
	for secret; do
		shift
		removable "$secret" || continue
		if [ -L "$secret" ]; then
			emit note "${secret#"$GA_ROOT"} was a link: it is gone, what it leads to stays"
			unlink_counted "$secret"
		else
			set -- "$@" "$secret"
		fi
	done
	[ $# != 0 ] || return 0
	overwrite "$@"
	unlink_counted "$@"
}

# count_below DIR TESTS: adds what find selects to the operation's counts, and
# fails where it selects nothing. Sizes
# alone cross the pipe, no names. A here-document would be shorter, but bash
# makes a file in /tmp of it, which a full or read-only guest has not.
count_below() {
	counted=$(find_below "$@" -exec stat -c %s -- {} + 2>/dev/null | {
		number=0 sum=0
		while read -r size; do
			number=$((number + 1)) sum=$((sum + size))
		done
		echo "$number $sum"
	})
	removed=$((removed + ${counted% *})) bytes=$((bytes + ${counted#* }))
	[ "$counted" != "0 0" ]
}

# enter DIR: sets "tree" to the directory without links; fails where there is
# none or where it lies outside the root.
enter() {
	[ -d "$1" ] || return 1
	inside "$1" || outside "$1" || return 1
	tree=$real
}

# clear_files DIR [TESTS]: removes what is no directory below DIR, on its file
# system. Sockets stay: whoever listens on one still needs it.
clear_files() {
	enter "$1" || return 0
	shift
	count_below "$tree" ! -type d ! -type s "$@" || return 0
	message=$(find_below "$tree" ! -type d ! -type s "$@" -exec rm -f -- {} + 2>&1) && [ -z "$message" ] || fail "$message"
}

# clear_tree DIR [TESTS]: clear_files and the directories that are empty then.
clear_tree() {
	cleared=$1
	clear_files "$@"
	enter "$cleared" || return 0
	shift
	find_below "$tree" -type d "$@" -exec rmdir -- {} + >/dev/null 2>&1
	return 0
}

# blank DIR [TESTS]: empties files in place; owners, modes, labels and the file
# that a daemon holds open stay as they are.
blank() {
	enter "$1" || return 0
	shift
	count_below "$tree" -type f ! -size 0 "$@" || return 0
	# shellcheck disable=SC2016 # the inner shell expands it
	message=$(find_below "$tree" -type f ! -size 0 "$@" -exec sh -c 'for f; do true >"$f"; done' sh {} + 2>&1) && [ -z "$message" ] || fail "$message"
}

# ---- words of the checks ----

# evidence PATH: names what is left; a report needs no more than fifty.
evidence() {
	case $seen in *"$newline$1$newline"*) return 0 ;; esac
	seen="$seen$1$newline"
	found=$((found + 1))
	[ "$found" -gt 50 ] || emit left "$check" "${1#"$GA_ROOT"}"
}

# left PATH...: what stands there should not.
left() {
	for target; do
		if here "$target" && ! kept "$target"; then evidence "$target"; fi
	done
}

# left_below DIR TESTS: what find selects should not be there. Names come as
# hex, one to a line, so that a newline in a name stays in the name.
left_below() {
	[ -d "$1" ] && inside "$1" || return 0
	tree=$real
	shift
	# One process says that there is nothing, which is the rule after a seal.
	[ -n "$(find_below "$tree" "$@" -print 2>/dev/null)" ] || return 0
	more=$(find_below "$tree" "$@" -exec stat -c x -- {} + 2>/dev/null | wc -l)
	found=$((found + more))
	# shellcheck disable=SC2016 # the inner shell expands it
	for name in $(find_below "$tree" "$@" -exec sh -c 'for f; do
			printf %s "${f#"$0"}" | od -An -v -tx1 | tr -d " \n"
			echo
		done' "$GA_ROOT" {} + 2>/dev/null | head -n 50); do
		printf '@goldenami %s left t:%s x:%s\n' "$GA_NONCE" "$check" "$name" >&3
	done
}

# holds_key FILE: whether it is a private key by its content. The head is
# enough, and the content goes nowhere.
holds_key() {
	[ -f "$1" ] && head -c 4096 -- "$1" 2>/dev/null | grep -q -e '-----BEGIN[A-Z0-9 ]* PRIVATE KEY' -e 'PuTTY-User-Key-File'
}

# ---- what the guest is ----

# sshd_setting KEYWORD: the values that sshd's configuration gives it, one to a
# line, quotes taken off. The files are read, not asked with sshd -T: that one
# refuses to answer once there is no host key.
sshd_setting() {
	sshd_texts | grep -i "^[[:space:]]*$1[[:space:]=]" |
		sed -e 's/^[[:space:]]*[A-Za-z]*[[:space:]=]*//' -e 's/[[:space:]]*$//' -e 's/"//g'
}

# sshd_texts: all of its files, and those that these include from elsewhere.
sshd_texts() {
	set -- "$GA_ROOT"/etc/ssh/sshd_config "$GA_ROOT"/etc/ssh/sshd_config.d/*.conf \
		"$GA_ROOT"/usr/etc/ssh/sshd_config "$GA_ROOT"/usr/etc/ssh/sshd_config.d/*.conf
	cat -- "$@" 2>/dev/null
	cat -- "$@" 2>/dev/null | sed -n 's/^[[:space:]]*[Ii][Nn][Cc][Ll][Uu][Dd][Ee][[:space:]=]*//p' | tr -d '"' | tr '[:blank:]' '\n' | while read -r named; do
		case $named in
		'' | */sshd_config.d/'*.conf') continue ;;
		/*) ;;
		*) named=/etc/ssh/$named ;;
		esac
		for included in "$GA_ROOT${named%/*}"/${named##*/}; do cat -- "$included" 2>/dev/null; done
	done
}

has_systemd() { here "$GA_ROOT/usr/lib/systemd/systemd" || here "$GA_ROOT/lib/systemd/systemd"; }
runs_systemd() { $GA_LIVE && [ -d /run/systemd/system ] && [ "$(cat /proc/1/comm 2>/dev/null)" = systemd ]; }
has_openrc() { [ -d "$GA_ROOT/etc/runlevels" ] && [ -x "$GA_ROOT/sbin/openrc-run" ]; }
runs_openrc() { $GA_LIVE && [ -e /run/openrc/softlevel ]; }
