# operation: ssh-banner
# default: ssh_banner
# reason: you gave a text in ssh_banner
# paths: /etc/issue.net, and Banner of sshd in the same places as ssh-hardening

ssh_banner_seal() {
	issue=$GA_ROOT/etc/issue.net
	if ! banner_is_there; then
		if [ -L "$issue" ]; then drop "$issue"; fi
		if here "$issue"; then
			rewrite "$issue" "$GA_BANNER"
		elif (printf '%s\n' "$GA_BANNER" >"$issue") 2>/dev/null; then
			removed=$((removed + 1))
		else
			fail "/etc/issue.net cannot be written"
		fi
	fi
	sshd_set banner 'Banner /etc/issue.net' sshd_shows_banner
}

banner_is_there() { [ ! -L "$GA_ROOT/etc/issue.net" ] && [ "$(cat "$GA_ROOT/etc/issue.net" 2>/dev/null)" = "$GA_BANNER" ]; }

sshd_shows_banner() {
	unmet='Banner'
	sshd_effective root
	sshd_is banner /etc/issue.net
}

ssh_banner_check() {
	banner_is_there || kept "$GA_ROOT/etc/issue.net" || evidence "$GA_ROOT/etc/issue.net"
	sshd_left sshd_shows_banner
}
