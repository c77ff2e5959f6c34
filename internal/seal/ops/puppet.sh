# operation: puppet
# reason: every instance would be one node to the Puppet server, with one key
# paths: below /etc/puppetlabs/puppet/ssl, /var/lib/puppet/ssl, /etc/puppet/ssl

puppet_each() {
	for dir in etc/puppetlabs/puppet/ssl var/lib/puppet/ssl etc/puppet/ssl; do
		"$1" "$GA_ROOT/$dir"
	done
}

puppet_seal() {
	[ ! -d "$GA_ROOT/etc/puppetlabs/puppet/ssl" ] || stop_services puppet.service
	puppet_each wipe_tree
}

puppet_check() { puppet_each left_files; }
