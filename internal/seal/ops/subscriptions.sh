# operation: subscriptions
# reason: every instance would use the build's seat and its token
# paths: RHEL: /etc/pki/{consumer,entitlement}, /var/lib/rhsm, /etc/insights-client/{machine-id,.registered}, /etc/sysconfig/rhn/systemid; yum's uuid;
#   SUSE: /etc/zypp/credentials.d, /var/cache/cloudregister and its line of /etc/hosts; Ubuntu Pro: /var/lib/ubuntu-{advantage,pro}/private
#
# Pay-as-you-go images get their updates by a package (RHUI) or register at boot
# (guestregister of SUSE, the auto-attach of Ubuntu Pro): neither is touched.

subscriptions_seal() {
	if $GA_LIVE; then subscriptions_end; fi
	subscriptions_each wipe_tree destroy
	drop_lines "$suse_server" "$GA_ROOT/etc/hosts"
}

suse_server='Added by SMT registration|[.]susecloud[.]net'

# subscriptions_end: gives the seat back, which needs the network.
subscriptions_end() {
	if here /etc/pki/consumer/cert.pem && command -v subscription-manager >/dev/null 2>&1; then
		calmly subscription-manager unregister
		! here /etc/pki/consumer/cert.pem || warn "subscription-manager could not unregister: the seat stays taken until it is removed at Red Hat"
	fi
	if here /var/cache/cloudregister && command -v registercloudguest >/dev/null 2>&1; then
		calmly registercloudguest --clean
	fi
}

subscriptions_each() {
	for dir in etc/pki/consumer etc/pki/entitlement var/lib/rhsm etc/zypp/credentials.d var/cache/cloudregister \
		var/lib/ubuntu-advantage/private var/lib/ubuntu-pro/private; do
		"$1" "$GA_ROOT/$dir"
	done
	"$2" "$GA_ROOT"/etc/insights-client/machine-id "$GA_ROOT"/etc/insights-client/.registered "$GA_ROOT"/etc/sysconfig/rhn/systemid "$GA_ROOT"/var/lib/yum/uuid
}

subscriptions_check() {
	subscriptions_each left_files left
	left_lines "$suse_server" "$GA_ROOT/etc/hosts"
}
