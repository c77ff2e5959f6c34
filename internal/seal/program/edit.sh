# ---- edit: more words, for what is changed in place and for whole trees ----

# warn TEXT: something that the seal cannot settle; with "strict" it fails.
warn() { emit warning "$1"; }

# rewrite FILE TEXT: the file's lines are those of TEXT. Written in place, so
# that label, owner, mode and inode stay; never through a link, which in a
# mounted guest may lead to a file of the host.
rewrite() {
	may_touch "$1" || return 0
	if [ -L "$1" ] || [ ! -f "$1" ]; then
		fail "${1#"$GA_ROOT"} is not a file, it is not rewritten"
		return 0
	fi
	before=$(size_of "$1")
	if (printf '%s' "${2:+$2$newline}" >"$1") 2>/dev/null; then
		removed=$((removed + 1))
		after=$(size_of "$1")
		[ "$after" -ge "$before" ] || bytes=$((bytes + before - after))
	else
		fail "${1#"$GA_ROOT"} cannot be written"
	fi
}

# holds FILE ERE: whether a line of this file, not of what a link leads to,
# matches.
holds() { [ -f "$1" ] && [ ! -L "$1" ] && grep -Eq -e "$2" "$1" 2>/dev/null; }

# drop_lines ERE FILE...: takes the lines that match out of the files.
drop_lines() {
	unwanted=$1
	shift
	for edited; do
		! holds "$edited" "$unwanted" || kept "$edited" || rewrite "$edited" "$(grep -Ev -e "$unwanted" "$edited")"
	done
}

# left_lines ERE FILE...: the check of drop_lines.
left_lines() {
	unwanted=$1
	shift
	for edited; do
		! holds "$edited" "$unwanted" || left "$edited"
	done
}

# where_it_says ERE COMMAND FILE...: COMMAND for each file that has such a line:
# a configuration that holds no secret is content of the image.
where_it_says() {
	sought=$1 sought_do=$2
	shift 2
	for target; do
		! holds "$target" "$sought" || "$sought_do" "$target"
	done
}

# other_names FILE: whether it has any: to overwrite it would change what is under
# those too, and package managers so share what they have in their caches.
other_names() { [ -f "$1" ] && [ ! -L "$1" ] && [ "$(stat -c %h -- "$1")" -gt 1 ]; }

# wipe_tree DIR [TESTS]: clear_tree for keys: all files are overwritten by one
# process, and then removed.
wipe_tree() {
	wiped=$1
	enter "$wiped" || return 0
	shift
	shared=$(find_below "$tree" -type f -links +1 "$@" -exec stat -c x -- {} + 2>/dev/null | wc -l)
	[ "$shared" -eq 0 ] || warn "$((shared)) files below ${wiped#"$GA_ROOT"} have other names too, and were only unlinked"
	if command -v shred >/dev/null 2>&1; then
		find_below "$tree" -type f -links 1 "$@" -exec shred -f -x -n 1 -- {} + >/dev/null 2>&1 ||
			warn "files below ${wiped#"$GA_ROOT"} could not be overwritten, only unlinked"
	else
		# shellcheck disable=SC2016 # the inner shell expands it
		find_below "$tree" -type f -links 1 "$@" -exec sh -c 'for f; do
			chmod u+w -- "$f"
			head -c "$(stat -c %s -- "$f")" /dev/urandom 1<>"$f"
		done' sh {} + 2>/dev/null
		sync
	fi
	clear_tree "$wiped" "$@"
}

# left_files DIR [TESTS]: the check of clear_files and its like.
left_files() {
	looked=$1
	shift
	left_below "$looked" ! -type d ! -type s "$@"
}

# remove_tree DIR: wipe_tree and the directory itself.
remove_tree() {
	may_touch "$1" || return 0
	wipe_tree "$1"
	rmdir -- "$1" 2>/dev/null || keeps_below "$1" ||
		fail "${1#"$GA_ROOT"} cannot be removed: a mount or a socket is in it"
}

# clear_out DIR: clear_tree for what nobody uses any more, so sockets go too, and
# the directory itself.
clear_out() {
	may_touch "$1" || return 0
	clear_tree "$1"
	enter "$1" || return 0
	find_below "$tree" -type s -exec rm -f -- {} + 2>/dev/null
	find_below "$tree" -type d -exec rmdir -- {} + 2>/dev/null
	rmdir -- "$1" 2>/dev/null || keeps_below "$1" || fail "${1#"$GA_ROOT"} cannot be removed: a mount is in it"
}

# keeps_below DIR: whether "keep" names something in it.
keeps_below() {
	holder=$1 holds_kept=false
	each_kept keeps_this
	$holds_kept
}

keeps_this() {
	case $1 in "$holder"/*) holds_kept=true ;; esac
}

# stop_services UNIT...: agents that would write back what is removed; nothing
# that may carry the session.
stop_services() {
	if runs_systemd; then
		calmly systemctl stop "$@"
	elif runs_openrc; then
		for service; do calmly rc-service --ifstarted "${service%.service}" stop; done
	fi
}
