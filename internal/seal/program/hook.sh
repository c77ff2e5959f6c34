# ---- hook: what is written between the seal and the power-off ----
#
# Sessions that are still open write their histories when they end, login
# records and leases are written at the shutdown itself. So the operations that
# can undo that run once more as the last thing before the file systems are
# unmounted. The hook stands in /run, which is memory: it leaves no trace.

hook_dir=/run/goldenami-seal
hook_unit=/run/systemd/system/goldenami-seal.service
hook_script=/etc/init.d/goldenami-seal
hook_levels=/etc/runlevels

# arm_hook: comes before the first deletion, so that a guest in which it cannot
# stand is refused whole.
arm_hook() {
	if runs_systemd; then
		write_hook && arm_systemd
	elif runs_openrc; then
		write_hook && arm_openrc
	elif $GA_LIVE; then
		emit fact shutdown-hook "none: neither systemd nor OpenRC runs"
	fi
}

write_hook() {
	if ! grep -Eq '^[^ ]+ /run (tmpfs|ramfs) ' /proc/mounts; then
		refuse hook "/run is not in memory, so what runs at the shutdown would stay in the image"
		return 1
	fi
	if ! (umask 077 && mkdir -p "$hook_dir" && hook_text >"$hook_dir/final.sh"); then
		refuse hook "/run cannot be written, so nothing can run at the shutdown"
		return 1
	fi
}

# arm_systemd: what is ordered before something starts before it and stops after
# it. So the unit stops after every service and session, and after the early ones
# that write by themselves; it stops before the file systems that it needs.
arm_systemd() {
	# /run may be mounted noexec: sh reads the file.
	if (printf '%s\n' '[Unit]' 'Description=Removes what the shutdown of a sealed image writes' \
		'DefaultDependencies=no' 'RequiresMountsFor=/etc /home /root /tmp /var /var/lib /var/log /var/tmp' \
		'After=local-fs.target' 'Conflicts=shutdown.target' 'Before=shutdown.target sysinit.target basic.target multi-user.target' \
		'Before=user.slice systemd-logind.service systemd-user-sessions.service systemd-update-utmp.service wtmpdb-update-boot.service' \
		'Before=systemd-random-seed.service systemd-journal-flush.service systemd-networkd.service networking.service NetworkManager.service' \
		'Before=rsyslog.service auditd.service ssh.service sshd.service cloud-init-local.service cloud-init.service cloud-init-main.service' \
		'[Service]' 'Type=oneshot' 'RemainAfterExit=yes' 'ExecStart=/bin/true' "ExecStop=/bin/sh $hook_dir/final.sh" \
		'TimeoutStopSec=60' 'StandardOutput=null' 'StandardError=null' >"$hook_unit") &&
		{ hook_starts || { systemctl daemon-reload && hook_starts; }; }; then
		emit fact shutdown-hook systemd
	else
		refuse hook "systemd does not take the unit that removes what the shutdown writes"
	fi
}

# hook_starts: systemd since 246 looks for a unit that it does not know; before, it
# must read all units again, which takes longer than the rest of the seal.
hook_starts() {
	systemctl start goldenami-seal.service 2>/dev/null && systemctl is-active --quiet goldenami-seal.service
}

# arm_openrc: OpenRC knows no scripts in /run, so this one is on the disk, in the
# runlevels that are the last, and removes itself there. Alpine and Gentoo end in
# "shutdown"; Debian in "off", which makes / read-only, and then in "shutdown". Its
# sendsigs cannot come before this one and this one before umountfs, by what they
# say of each other, so open shells are ended from here.
arm_openrc() {
	hook_links=$hook_levels/shutdown/goldenami-seal
	[ ! -d "$hook_levels/off" ] || hook_links="$hook_links $hook_levels/off/goldenami-seal"
	# shellcheck disable=SC2016 # a script for openrc-run
	if (printf '%s\n' '#!/sbin/openrc-run' 'description="Removes what the shutdown of a sealed image writes"' \
		'depend() {' '	after killprocs' '	before mount-ro umountnfs.sh umountfs umountroot' '}' \
		'start() {' '	[ ! -x /etc/init.d/sendsigs ] || /etc/init.d/sendsigs stop' \
		"	[ ! -e $hook_dir/final.sh ] || /bin/sh $hook_dir/final.sh" "	rm -f $hook_script $hook_links" '}' >"$hook_script") &&
		chmod 755 "$hook_script" && link_hook; then
		emit fact shutdown-hook openrc
	else
		refuse hook "OpenRC's shutdown runlevel does not take the script that removes what the shutdown writes"
	fi
}

link_hook() {
	for link in $hook_links; do
		mkdir -p "${link%/*}" && ln -sf "$hook_script" "$link" || return 1
	done
}

# hook_stands: whether the init system will run it.
hook_stands() { [ -e "$hook_dir/final.sh" ] && { runs_systemd || runs_openrc; }; }

# disarm_hook: a guest whose seal failed is looked at by people, and must not
# lose at its next shutdown what they look for.
disarm_hook() {
	[ -e "$hook_dir" ] || return 0
	rm -rf -- "$hook_dir" "$hook_script" "$hook_levels"/*/goldenami-seal
	! runs_systemd || {
		systemctl stop goldenami-seal.service # finds no script any more
		rm -f -- "$hook_unit"
		systemctl daemon-reload
		systemctl reset-failed goldenami-seal.service
	} >/dev/null 2>&1
}
