# operation: resolv-conf
# reason: the name servers and the search domain of the build's network and Region would answer for other ones
# paths: /etc/resolv.conf, when it is a file and not a link, and names EC2's internal domain
#
# Emptied, as DHCP finds it on a new machine. From here on the guest resolves no
# names; nothing of the seal asks the network after it.

ec2_domain='(^|[[:space:].])(ec2|compute)[.]internal([[:space:]]|$)'

resolv_conf_seal() {
	where_it_says "$ec2_domain" resolv_conf_empty "$GA_ROOT/etc/resolv.conf"
}

resolv_conf_empty() { kept "$1" || rewrite "$1" ''; }

resolv_conf_check() { left_lines "$ec2_domain" "$GA_ROOT/etc/resolv.conf"; }
