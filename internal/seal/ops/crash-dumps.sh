# operation: crash-dumps
# reason: the memory of a process holds its secrets
# paths: /var/crash, /var/lib/systemd/{coredump,pstore}, /var/spool/abrt, /var/lib/apport/coredump

crash_dumps_each() {
	for dir in crash lib/systemd/coredump lib/systemd/pstore spool/abrt spool/abrt-upload lib/apport/coredump; do
		"$1" "$GA_ROOT/var/$dir"
	done
}

crash_dumps_seal() { crash_dumps_each clear_tree; }

crash_dumps_check() { crash_dumps_each left_files; }
