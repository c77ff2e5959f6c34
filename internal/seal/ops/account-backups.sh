# operation: account-backups
# reason: the copies hold password hashes that the build has changed or removed since
# paths: /etc/{passwd,shadow,group,gshadow,subuid,subgid}-, /var/backups/*.bak of them

account_backups_seal() {
	destroy "$GA_ROOT"/etc/shadow- "$GA_ROOT"/etc/gshadow- "$GA_ROOT"/var/backups/shadow.bak "$GA_ROOT"/var/backups/gshadow.bak
	drop "$GA_ROOT"/etc/passwd- "$GA_ROOT"/etc/group- "$GA_ROOT"/etc/subuid- "$GA_ROOT"/etc/subgid- \
		"$GA_ROOT"/var/backups/passwd.bak "$GA_ROOT"/var/backups/group.bak
}

account_backups_check() {
	for name in passwd shadow group gshadow subuid subgid; do
		left "$GA_ROOT/etc/$name"- "$GA_ROOT/var/backups/$name.bak"
	done
}
