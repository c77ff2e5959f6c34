# operation: installer-leftovers
# reason: the answers given to installers hold passwords, or the hash of what was typed
# paths: /root/{anaconda-ks,original-ks,initial-setup-ks}.cfg (RHEL), /root/autoinst.xml (SUSE), /etc/cloud/cloud.cfg.d/99-installer.cfg (Ubuntu),
#   the values in /var/cache/debconf/passwords.dat (Debian)

installer_leftovers_each() {
	"$1" "$GA_ROOT"/root/anaconda-ks.cfg "$GA_ROOT"/root/original-ks.cfg "$GA_ROOT"/root/initial-setup-ks.cfg \
		"$GA_ROOT"/root/autoinst.xml "$GA_ROOT"/root/install.log "$GA_ROOT"/root/install.log.syslog \
		"$GA_ROOT"/etc/cloud/cloud.cfg.d/99-installer.cfg "$GA_ROOT"/var/cache/debconf/passwords.dat-old
	# Without the file debconf complains; without a value it asks again.
	"$2" '^Value: .' "$GA_ROOT"/var/cache/debconf/passwords.dat
}

installer_leftovers_seal() { installer_leftovers_each destroy drop_lines; }

installer_leftovers_check() { installer_leftovers_each left left_lines; }
