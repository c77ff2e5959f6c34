# operation: domain-membership
# reason: every instance would be one computer to Active Directory or FreeIPA, and its keytab logs in as that
# paths: /etc/krb5.keytab, below /var/lib/sss/{db,mc,secrets}, /var/lib/samba/private/secrets.tdb (not of a domain controller),
#   below /var/lib/ipa-client/{pki,sysrestore}

domain_membership_each() {
	"$2" "$GA_ROOT"/etc/krb5.keytab
	for dir in var/lib/sss/db var/lib/sss/mc var/lib/sss/secrets var/lib/ipa-client/pki var/lib/ipa-client/sysrestore; do
		"$1" "$GA_ROOT/$dir"
	done
	# With this one the server is the domain.
	here "$GA_ROOT/var/lib/samba/private/sam.ldb" || "$2" "$GA_ROOT"/var/lib/samba/private/secrets.tdb
}

domain_membership_seal() {
	# Both write their caches back when they end.
	! here "$GA_ROOT/etc/krb5.keytab" || stop_services sssd.service winbind.service
	domain_membership_each wipe_tree destroy
}

domain_membership_check() { domain_membership_each left_files left; }
