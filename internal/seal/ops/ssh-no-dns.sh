# operation: ssh-no-dns
# default: off
# reason: sshd that looks up each client's name lets nobody in for a minute when the resolver is down; sshd since 6.8 does not by itself
# paths: UseDNS of sshd, in the same places as ssh-hardening

ssh_no_dns_seal() { sshd_set no-dns 'UseDNS no' sshd_asks_no_dns; }

sshd_asks_no_dns() {
	unmet='UseDNS'
	sshd_effective root
	sshd_is usedns no
}

ssh_no_dns_check() { sshd_left sshd_asks_no_dns; }
