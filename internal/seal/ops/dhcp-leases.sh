# operation: dhcp-leases
# reason: an old lease makes the first request ask for the build's address; NetworkManager's secret_key makes stable addresses alike
# paths: /var/lib/{dhcp,dhclient,dhcpcd,wicked}, /var/lib/NetworkManager
#
# Only the files: the client that runs is left alone, and so is the network.

dhcp_leases_seal() {
	for dir in dhcp dhclient dhcpcd wicked; do
		clear_files "$GA_ROOT/var/lib/$dir"
	done
	drop "$GA_ROOT"/var/lib/NetworkManager/*.lease "$GA_ROOT"/var/lib/NetworkManager/timestamps \
		"$GA_ROOT"/var/lib/NetworkManager/seen-bssids
	destroy "$GA_ROOT"/var/lib/NetworkManager/secret_key
}

dhcp_leases_check() {
	for dir in dhcp dhclient dhcpcd wicked; do
		left_below "$GA_ROOT/var/lib/$dir" -type f
	done
	left_below "$GA_ROOT/var/lib/NetworkManager" -type f '(' -name '*.lease' -o -name secret_key -o -name timestamps -o -name seen-bssids ')'
}
