# operation: installer-leftovers
# reason: the installer's answers hold the hash of the password that was typed
# paths: /root/{anaconda-ks,original-ks,initial-setup-ks}.cfg (RHEL), /root/autoinst.xml (SUSE), /etc/cloud/cloud.cfg.d/99-installer.cfg (Ubuntu)

installer_leftovers_each() {
	"$1" "$GA_ROOT"/root/anaconda-ks.cfg "$GA_ROOT"/root/original-ks.cfg "$GA_ROOT"/root/initial-setup-ks.cfg \
		"$GA_ROOT"/root/autoinst.xml "$GA_ROOT"/root/install.log "$GA_ROOT"/root/install.log.syslog \
		"$GA_ROOT"/etc/cloud/cloud.cfg.d/99-installer.cfg
}

installer_leftovers_seal() { installer_leftovers_each destroy; }

installer_leftovers_check() { installer_leftovers_each left; }
