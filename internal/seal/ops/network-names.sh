# operation: network-names
# reason: an instance has other network cards: what names the build's by their addresses leaves it without a network
# paths: /etc/udev/rules.d/70-persistent-net.rules, HWADDR of ifcfg files (RHEL, SUSE), mac-address of NetworkManager's connections,
#   what cloud-init wrote for netplan, networkd, ifupdown and NetworkManager where it will write it again.
#   No other file of these may name an address of this machine, hardware or IPv4
#
# Only the files: the network that runs is not told.

network_names_each() {
	"$1" "$GA_ROOT"/etc/udev/rules.d/70-persistent-net.rules "$GA_ROOT"/etc/udev/rules.d/70-persistent-cd.rules
	"$2" '^HWADDR=' "$GA_ROOT"/etc/sysconfig/network-scripts/ifcfg-* "$GA_ROOT"/etc/sysconfig/network/ifcfg-*
	"$2" '^mac-address=' "$GA_ROOT"/etc/NetworkManager/system-connections/*
	network_comes_from_cloud_init || return 0
	"$1" "$GA_ROOT"/etc/netplan/50-cloud-init.yaml "$GA_ROOT"/etc/systemd/network/10-cloud-init-* \
		"$GA_ROOT"/etc/network/interfaces.d/50-cloud-init* "$GA_ROOT"/etc/NetworkManager/system-connections/cloud-init-*
	where_it_says 'Created by cloud-init' "$1" "$GA_ROOT"/etc/sysconfig/network-scripts/ifcfg-* "$GA_ROOT"/etc/sysconfig/network/ifcfg-*
}

# network_comes_from_cloud_init: it runs, and nothing tells it to leave the
# network alone, as installers do.
network_comes_from_cloud_init() {
	! here "$GA_ROOT/etc/cloud/cloud-init.disabled" || return 1
	here "$GA_ROOT/usr/bin/cloud-init" || here "$GA_ROOT/usr/local/bin/cloud-init" || return 1
	! cat "$GA_ROOT"/etc/cloud/cloud.cfg "$GA_ROOT"/etc/cloud/cloud.cfg.d/*.cfg 2>/dev/null | grep -Eq "config:[[:space:]]*[\"']?disabled"
}

network_names_seal() { network_names_each drop drop_lines; }

network_names_check() {
	network_names_each left left_lines
	addresses=$(own_addresses)
	for address in $addresses; do
		for dir in netplan systemd/network NetworkManager/system-connections network sysconfig/network sysconfig/network-scripts udev/rules.d; do
			left_below "$GA_ROOT/etc/$dir" -type f -exec grep -qiwF -e "$address" -- {} \;
		done
	done
}
