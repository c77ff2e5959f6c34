# operation: dhcp-leases
# reason: an old lease makes the first request ask for the build's address; NetworkManager's secret_key makes stable addresses alike, and
#   machines with one DUID get one IPv6 address
# paths: /var/lib/{dhcp,dhclient,dhcpcd,dhcpcd5,wicked}, /var/db/dhcpcd, /etc/dhcpcd.{duid,secret}, /var/lib/NetworkManager
#
# Only the files: the client that runs is left alone, and so is the network.

dhcp_leases_each() {
	for dir in lib/dhcp lib/dhclient lib/dhcpcd lib/dhcpcd5 lib/wicked db/dhcpcd; do
		"$1" "$GA_ROOT/var/$dir"
	done
	"$2" "$GA_ROOT"/etc/dhcpcd.duid "$GA_ROOT"/etc/dhcpcd.secret
}

dhcp_leases_seal() {
	dhcp_leases_each clear_files drop
	drop "$GA_ROOT"/var/lib/NetworkManager/*.lease "$GA_ROOT"/var/lib/NetworkManager/timestamps \
		"$GA_ROOT"/var/lib/NetworkManager/seen-bssids
	destroy "$GA_ROOT"/var/lib/NetworkManager/secret_key
}

dhcp_leases_check() {
	dhcp_leases_each left_files left
	left_below "$GA_ROOT/var/lib/NetworkManager" -type f '(' -name '*.lease' -o -name secret_key -o -name timestamps -o -name seen-bssids ')'
}
