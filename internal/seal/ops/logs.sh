# operation: logs
# reason: addresses, users and commands of the build, and traces of user data with what was in it
# paths: below /var/log, and on the disks that are mounted below it: rotated files and journals removed, others emptied in place;
#   wtmp.db, lastlog2.db, process accounting, faillock, where rsyslog is in the journal
#
# Directories stay: nginx, apache and auditd do not start without theirs, and
# without /var/log/journal every instance would lose its persistent journal. A
# live log is emptied and not removed: the daemon would go on writing to the
# removed one, and its successor would have another owner and mode.

# In memory, beside the hook.
logs_mark=/run/goldenami-seal/logs

logs_seal() {
	# From here on, what is written is new.
	! logs_go_again || true >"$logs_mark"
	and_mounts clear_tree "$GA_ROOT/var/log/journal"
	and_mounts clear_files "$GA_ROOT/var/log" '(' -name '*.gz' -o -name '*.xz' -o -name '*.zst' -o -name '*.bz2' -o -name '*.old' \
		-o -name '*.[0-9]' -o -name '*.[0-9][0-9]' -o -name '*[.-]20[0-9][0-9][0-9][0-9][0-9][0-9]*' ')'
	and_mounts blank "$GA_ROOT/var/log"
	clear_files "$GA_ROOT/var/account"
	clear_files "$GA_ROOT/var/lib/faillock"
	drop "$GA_ROOT"/var/lib/rsyslog/imjournal.state "$GA_ROOT"/var/lib/wtmpdb/wtmp.db "$GA_ROOT"/var/lib/lastlog/lastlog2.db
}

# logs_go_again: whether they will be emptied at the shutdown. A daemon that has a
# word to say between removal and check is no reason to make no image then.
logs_go_again() { [ "$GA_MODE" = seal ] && ! $at_shutdown && hook_stands; }

logs_check() {
	set -- -type f ! -size 0
	if logs_go_again && [ -e "$logs_mark" ]; then
		written=$(and_mounts find_below "$GA_ROOT/var/log" "$@" -newer "$logs_mark" -exec stat -c x -- {} + 2>/dev/null | wc -l)
		[ "$written" -eq 0 ] || emit note "$((written)) logs were written to since they were emptied; the shutdown empties them again"
		set -- "$@" '(' ! -newer "$logs_mark" -o -size +2048 ')'
	fi
	and_mounts left_below "$GA_ROOT/var/log" "$@"
	left_below "$GA_ROOT/var/log/journal" -type d
	left_below "$GA_ROOT/var/account" -type f ! -size 0
	left_files "$GA_ROOT/var/lib/faillock"
	left "$GA_ROOT"/var/lib/rsyslog/imjournal.state "$GA_ROOT"/var/lib/wtmpdb/wtmp.db "$GA_ROOT"/var/lib/lastlog/lastlog2.db
}
