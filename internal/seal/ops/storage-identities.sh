# operation: storage-identities
# reason: a storage array takes two machines with one name for one, and their writes destroy each other's data
# paths: InitiatorName of /etc/iscsi/initiatorname.iscsi, /etc/nvme/{hostnqn,hostid}
#
# On Debian and Ubuntu iscsid does not start without its file, and makes a name
# where the file asks for one. Elsewhere a unit makes the missing file.

storage_identities_seal() {
	drop "$GA_ROOT"/etc/nvme/hostnqn "$GA_ROOT"/etc/nvme/hostid
	holds "$iscsi_name" '^InitiatorName=' || return 0
	if iscsi_asks_for_name; then
		kept "$iscsi_name" || rewrite "$iscsi_name" 'GenerateName=yes'
	elif iscsi_makes_file; then
		drop "$iscsi_name"
	fi
}

iscsi_name=$GA_ROOT/etc/iscsi/initiatorname.iscsi

iscsi_asks_for_name() {
	grep -qs GenerateName "$GA_ROOT"/usr/lib/open-iscsi/startup-checks.sh "$GA_ROOT"/lib/open-iscsi/startup-checks.sh "$GA_ROOT"/etc/init.d/open-iscsi
}

iscsi_makes_file() {
	grep -Eqs 'iscsi-(iname|gen-initiatorname)' "$GA_ROOT"/usr/lib/systemd/system/*iscsi*.service "$GA_ROOT"/lib/systemd/system/*iscsi*.service
}

storage_identities_check() {
	left "$GA_ROOT"/etc/nvme/hostnqn "$GA_ROOT"/etc/nvme/hostid
	holds "$iscsi_name" '^InitiatorName=' || return 0
	if iscsi_asks_for_name || iscsi_makes_file; then
		left "$iscsi_name"
	elif ! kept "$iscsi_name"; then
		warn "/etc/iscsi/initiatorname.iscsi stays, since nothing in this guest would make a new name: all instances are one iSCSI initiator"
	fi
}
