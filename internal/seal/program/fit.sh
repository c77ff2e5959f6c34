# ---- fit: whether the guest can be sealed at all, and has a network at the next boot ----

# can_write DIR: some KiB, since a full disk still takes names, and since BusyBox
# says of root that he may write anywhere.
can_write() {
	probe=$1/.goldenami-$GA_NONCE
	if ! (true >"$probe") 2>/dev/null; then
		refuse writable "${1#"$GA_ROOT"} cannot be written: is it on a read-only file system? Mount it writable before the seal"
		return 0
	fi
	(head -c 65536 /dev/zero >"$probe") 2>/dev/null
	written=$(size_of "$probe")
	rm -f -- "$probe"
	[ "$written" = 65536 ] || refuse writable "the disk below ${1#"$GA_ROOT"} is full: the seal rewrites files and could leave them cut off; remove something before the seal, or give the volume more room"
}

# network_comes: something that is enabled must bring the network up on an
# instance. In a container it is whoever runs it who does, and where no init system
# is known that runs here nothing can be said.
network_comes() {
	if in_container; then
		emit fact network "of the container"
	elif way=$(network_way); then
		emit fact network "brought up by $way"
	elif runs_systemd || runs_openrc; then
		$GA_ALLOW_NO_NETWORK || refuse network "nothing that is enabled in this guest would bring up the network at the next boot (no systemd-networkd, NetworkManager, networking, network, wicked or dhcpcd), so no instance of the image could be reached; enable one, as with: systemctl enable systemd-networkd; or set allow_no_network = true"
	else
		emit fact network unknown
	fi
}

in_container() { $GA_LIVE && { [ -e /run/systemd/container ] || [ -e /.dockerenv ] || [ -e /run/.containerenv ]; }; }

# network_way: names it. What is enabled is a link below /etc, or below /usr on
# distributions that enable their own units there; SysV scripts have links of
# their own, and OpenRC has runlevels.
network_way() {
	for service in systemd-networkd NetworkManager networking network wicked wickedd connman dhcpcd dhclient ifplugd netctl-auto network-manager; do
		for enabled in "$GA_ROOT"/etc/systemd/system/*/"$service.service" "$GA_ROOT"/usr/lib/systemd/system/*.wants/"$service.service" \
			"$GA_ROOT"/lib/systemd/system/*.wants/"$service.service" "$GA_ROOT"/etc/rc[2345S].d/S[0-9]*"$service" \
			"$GA_ROOT"/etc/rc.d/rc[2345].d/S[0-9]*"$service" "$GA_ROOT"/etc/runlevels/*/"$service"; do
			if here "$enabled"; then
				printf %s "$service"
				return 0
			fi
		done
	done
	# Units of one interface, as ifup@ens5, dhcpcd@eth0 or netctl's.
	for enabled in "$GA_ROOT"/etc/systemd/system/*.wants/ifup@*.service "$GA_ROOT"/etc/systemd/system/*.wants/dhcpcd@*.service \
		"$GA_ROOT"/etc/systemd/system/*.wants/netctl@*.service "$GA_ROOT"/etc/systemd/system/*.wants/dhclient@*.service "$GA_ROOT"/etc/runlevels/*/net.*; do
		if here "$enabled"; then
			printf %s "${enabled##*/}"
			return 0
		fi
	done
	return 1
}

# own_addresses: what only this machine has, one to a line: of its cards the
# hardware addresses, and the IPv4 ones.
own_addresses() {
	$GA_LIVE || return 0
	cat /sys/class/net/*/address 2>/dev/null | grep -E '^([0-9a-f]{2}:){5}[0-9a-f]{2}$' | grep -v '^00:00:00:00:00:00$'
	ip -o -4 addr show scope global 2>/dev/null | sed -n 's/.* inet \([0-9.]*\).*/\1/p'
}

# selinux_says: enforcing or permissive where this kernel has it on.
selinux_says() {
	case $(cat /sys/fs/selinux/enforce 2>/dev/null) in
	1) echo enforcing ;;
	0) echo permissive ;;
	*) return 1 ;;
	esac
}

# relabel: a file that is made anew has the label of its directory and of who made
# it, and an sshd that is confined may not read it then.
relabel() {
	if $GA_LIVE; then
		labels=$(selinux_says) || return 0
		emit fact selinux "$labels"
		set -- restorecon -R
	else
		policy=$(sed -n 's/^SELINUXTYPE=[[:space:]]*\([a-z-]*\).*/\1/p' "$GA_ROOT/etc/selinux/config" 2>/dev/null | tail -n 1)
		contexts=$GA_ROOT/etc/selinux/$policy/contexts/files/file_contexts
		[ -n "$policy" ] && [ -f "$contexts" ] && grep -Eq '^SELINUX=(enforcing|permissive)' "$GA_ROOT/etc/selinux/config" || return 0
		set -- setfiles
		[ -z "$GA_ROOT" ] || set -- "$@" -r "$GA_ROOT"
		set -- "$@" "$contexts"
	fi
	command -v "$1" >/dev/null 2>&1 || {
		warn "the image uses SELinux, and there is no $1 here to label the files that the seal made; have the image relabel itself: touch /.autorelabel"
		return 0
	}
	for place in etc/ssh etc/machine-id etc/hostname etc/hosts etc/issue.net etc/passwd etc/shadow etc/gshadow etc/systemd/system var/lib/dbus; do
		! here "$GA_ROOT/$place" || set -- "$@" "$GA_ROOT/$place"
	done
	calmly "$@"
}
