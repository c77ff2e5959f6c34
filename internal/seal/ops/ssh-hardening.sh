# operation: ssh-hardening
# reason: root and passwords are what every machine on the internet is tried with first
# paths: PermitRootLogin, PasswordAuthentication and KbdInteractiveAuthentication of sshd are no, whatever else sets them:
#   /etc/ssh/sshd_config.d/00-goldenami-hardening.conf, or the top of /etc/ssh/sshd_config where that is not included first
#
# With root in keep_users he may enter by key. sshd itself is asked what holds
# (sshd -T), for root and for a plain user, since a Match block can tell them
# apart. The running sshd is not told: it would not find its host keys.

ssh_hardening_seal() {
	if ! kept_user root && launch_key_goes_to_root; then
		fail "cloud-init gives the launch key to root (default_user), and PermitRootLogin no would lock everybody out; name root in keep_users"
		return 0
	fi
	sshd_set hardening "PermitRootLogin $(root_login)${newline}PasswordAuthentication no${newline}KbdInteractiveAuthentication no${newline}ChallengeResponseAuthentication no" hardened
}

root_login() { if kept_user root; then echo prohibit-password; else echo no; fi; }

launch_key_goes_to_root() {
	cat "$GA_ROOT"/etc/cloud/cloud.cfg "$GA_ROOT"/etc/cloud/cloud.cfg.d/*.cfg 2>/dev/null |
		sed -n '/default_user:/,/^[[:space:]]*$/p' | grep -Eq "^[[:space:]]+name:[[:space:]]*[\"']?root[\"']?[[:space:]]*\$"
}

# The older name of keyboard-interactive is the only one that counts before 8.7.
hardened() {
	for login in root "$(plain_user)"; do
		sshd_effective "$login"
		unmet="PermitRootLogin for $login"
		if kept_user root; then
			sshd_is permitrootlogin no prohibit-password without-password forced-commands-only || return 1
		else
			sshd_is permitrootlogin no || return 1
		fi
		unmet="PasswordAuthentication for $login"
		sshd_is passwordauthentication no || return 1
		unmet="KbdInteractiveAuthentication for $login"
		sshd_is kbdinteractiveauthentication no || return 1
		case $effective in *"$newline"challengeresponseauthentication*) sshd_is challengeresponseauthentication no || return 1 ;; esac
	done
}

plain_user() {
	while IFS=: read -r name _ number _ <&5; do
		case $number in
		[1-9][0-9][0-9][0-9] | [1-5][0-9][0-9][0-9][0-9])
			printf '%s' "$name"
			return 0
			;;
		esac
	done 5<"$GA_ROOT/etc/passwd"
	printf nobody
}

ssh_hardening_check() {
	sshd_left hardened
	sshd_configuration || return 0
	scope=g
	if sshd_lines "$main" | grep -Eiq '^m[[:space:]]+(passwordauthentication|kbdinteractiveauthentication|challengeresponseauthentication|permitrootlogin)[[:space:]="]+yes'; then
		warn "a Match block of sshd's configuration lets some users or hosts in by password or as root"
	fi
	if $GA_LIVE && command -v sshd >/dev/null 2>&1 && ! $sshd_answers; then
		warn "sshd could not be asked what holds, so its files were read instead"
	fi
}
