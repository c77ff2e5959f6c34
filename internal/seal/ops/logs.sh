# operation: logs
# reason: addresses, users and commands of the build, and traces of user data with what was in it
# paths: below /var/log, and on the disks that are mounted below it: rotated files and journals removed, others emptied in place; wtmp.db, lastlog2.db, process accounting, faillock, where rsyslog is in the journal
#
# Directories stay: nginx, apache and auditd do not start without theirs, and
# without /var/log/journal every instance would lose its persistent journal. A
# live log is emptied and not removed: the daemon would go on writing to the
# removed one, and its successor would have another owner and mode.

logs_seal() {
	and_mounts clear_tree "$GA_ROOT/var/log/journal"
	and_mounts clear_files "$GA_ROOT/var/log" '(' -name '*.gz' -o -name '*.xz' -o -name '*.zst' -o -name '*.bz2' -o -name '*.old' \
		-o -name '*.[0-9]' -o -name '*.[0-9][0-9]' -o -name '*[.-]20[0-9][0-9][0-9][0-9][0-9][0-9]*' ')'
	and_mounts blank "$GA_ROOT/var/log"
	clear_files "$GA_ROOT/var/account"
	clear_files "$GA_ROOT/var/lib/faillock"
	drop "$GA_ROOT"/var/lib/rsyslog/imjournal.state "$GA_ROOT"/var/lib/wtmpdb/wtmp.db "$GA_ROOT"/var/lib/lastlog/lastlog2.db
}

logs_check() {
	and_mounts left_below "$GA_ROOT/var/log" -type f ! -size 0
	left_below "$GA_ROOT/var/log/journal" -type d
	left_below "$GA_ROOT/var/account" -type f ! -size 0
	left_files "$GA_ROOT/var/lib/faillock"
	left "$GA_ROOT"/var/lib/rsyslog/imjournal.state "$GA_ROOT"/var/lib/wtmpdb/wtmp.db "$GA_ROOT"/var/lib/lastlog/lastlog2.db
}
