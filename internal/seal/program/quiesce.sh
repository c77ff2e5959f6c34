# ---- quiesce: stop what would write back what is removed next ----

# calmly COMMAND: bounded where the guest can bound it, silent, never fatal: a
# service that is not there or not running is the wanted state.
calmly() {
	if command -v timeout >/dev/null 2>&1; then
		timeout 30 "$@" >/dev/null 2>&1
	else
		"$@" >/dev/null 2>&1
	fi
	return 0
}

# sshd, the network and the agents stay: the session runs through them.
quiesce() {
	if runs_systemd; then
		# Timers refill package lists and write logs; the seed is saved when its unit stops, so
		# it must stop before the seed is removed. One call: asking init takes
		# longer than most of these take to stop.
		calmly systemctl stop apt-daily.timer apt-daily-upgrade.timer dnf-makecache.timer dnf-automatic.timer dnf-automatic-install.timer \
			update-notifier-download.timer motd-news.timer logrotate.timer sysstat-collect.timer sysstat-summary.timer cron.service crond.service \
			apt-daily.service apt-daily-upgrade.service unattended-upgrades.service packagekit.service \
			systemd-random-seed.service syslog.socket rsyslog.service syslog-ng.service
		if command -v auditd >/dev/null 2>&1; then
			# RHEL's audit unit refuses a manual stop; its service script does not.
			calmly service auditd stop
			calmly systemctl stop auditd.service
		fi
		# A journal in memory until the power-off; /run keeps no trace of this.
		if mkdir -p /run/systemd/journald.conf.d &&
			printf '[Journal]\nStorage=volatile\nForwardToSyslog=no\n' >/run/systemd/journald.conf.d/zz-goldenami-seal.conf; then
			calmly systemctl restart systemd-journald.service
		fi
		emit fact init systemd
	elif runs_openrc; then
		for service in cron crond cronie syslog rsyslog syslog-ng sysklogd metalog busybox-syslogd busybox-klogd auditd seedrng urandom; do
			calmly rc-service --ifstarted "$service" stop
		done
		emit fact init openrc
	else
		emit fact init none
	fi
}
