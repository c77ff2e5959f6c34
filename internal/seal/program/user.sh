# ---- user: whether the user of the build may go ----
# All of it is looked at before anything is removed; the rest stands with the
# operation build-user.

build_user_may_go() {
	if ! build_user_read; then
		emit fact build-user "$GA_BUILD_USER is not in /etc/passwd"
		return 0
	fi
	if [ "$user_number" = 0 ]; then
		refuse build-user "$GA_BUILD_USER has the number of root, so it is not removed; log in as another user, or leave remove_build_user out"
		return 0
	fi
	! kept_user "$GA_BUILD_USER" || refuse build-user "$GA_BUILD_USER is named in keep_users and goes by remove_build_user; leave one of them out"
	build_user_is_alone
	build_user_rules build_user_rule_is_whole
	build_user_owns_no_more
	$GA_ALLOW_NO_LAUNCH_KEY || another_user_comes
}

# build_user_is_alone: nobody else has its number or lives in its home.
build_user_is_alone() {
	while IFS=: read -r account _ number _ _ home _ <&4 || [ -n "$account" ]; do
		[ "$account" != "$GA_BUILD_USER" ] || continue
		[ "$number" != "$user_number" ] || refuse build-user "$account has the same number as $GA_BUILD_USER, so what it owns cannot be told apart"
		case $GA_ROOT${home%/}/ in
		"$user_home"/*) ! build_user_has_home || refuse build-user "the home of $account lies in that of $GA_BUILD_USER, ${user_home#"$GA_ROOT"}" ;;
		esac
	done 4<"$GA_ROOT/etc/passwd"
}

# build_user_rule_is_whole ERE FILE...: half of a rule would keep sudo from
# reading the rest.
build_user_rule_is_whole() {
	rule=$1
	shift
	for file; do
		! holds "$file" "$rule" || ! grep -E -e "$rule" "$file" | grep -q '\\$' ||
			refuse build-user "a rule for $GA_BUILD_USER in ${file#"$GA_ROOT"} goes on in the next line; write it in one"
	done
}

# build_user_owns_no_more: the next user that is made gets the number, and with it
# whatever it still owns.
build_user_owns_no_more() {
	set --
	for place in /tmp /var/tmp /var/mail /var/spool/mail /var/spool/cron /var/spool/at /run; do
		set -- "$@" ! -path "$(literal "$GA_ROOT$place")/*"
	done
	! build_user_has_home || set -- "$@" ! -path "$(literal "$user_home")" ! -path "$(literal "$user_home")/*"
	system=$(stat -c %d "$GA_ROOT/")
	for dir in / /home /opt /srv /usr /var; do
		[ -d "$GA_ROOT$dir" ] && { [ "$dir" = / ] || [ "$(stat -c %d "$GA_ROOT$dir")" != "$system" ]; } || continue
		owned=$(find_below "$GA_ROOT${dir%/}/" -user "$user_number" "$@" 2>/dev/null | head -n 1)
		[ -z "$owned" ] || refuse build-user "$GA_BUILD_USER owns ${owned#"$GA_ROOT"}, which stays, and perhaps more: the next user that is made would own it; give it to root (chown -R), or remove it"
	done
}

# another_user_comes: somebody must be there for whoever brings the launch key.
another_user_comes() {
	if ! sshd_is_there; then
		return 0
	elif cloud_init_finds_data && cloud_init_makes_user; then
		emit fact login-user "made by cloud-init"
	elif [ -x "$GA_ROOT/usr/bin/amazon-ssm-agent" ] || [ -x "$GA_ROOT/snap/amazon-ssm-agent/current/amazon-ssm-agent" ]; then
		emit fact login-user "made by amazon-ssm-agent"
	elif another_user; then
		emit fact login-user "$account"
	else
		refuse build-user "without $GA_BUILD_USER nobody could log in to an instance of the image: no cloud-init makes its default user, and no other user has a shell; make one, or set allow_no_launch_key = true"
	fi
}

# cloud_init_makes_user: unless a list of users leaves the default one out.
cloud_init_makes_user() {
	users=$(cat "$GA_ROOT"/etc/cloud/cloud.cfg "$GA_ROOT"/etc/cloud/cloud.cfg.d/*.cfg 2>/dev/null | sed -n '/^users:/,/^[^ #-]/p')
	case $users in
	'') return 0 ;;
	*) printf '%s\n' "$users" | grep -Eq '^users:[[:space:]]*\[.*default|^[[:space:]]*-[[:space:]]*default' ;;
	esac
}

# another_user: sets "account" to one that can log in.
another_user() {
	while IFS=: read -r account _ number _ _ _ login <&4 || [ -n "$account" ]; do
		[ "$account" != "$GA_BUILD_USER" ] || continue
		case $number:$login in
		0:* | ?:* | ??:* | ???:* | 65534:* | *nologin | *false | *:) ;;
		*) return 0 ;;
		esac
	done 4<"$GA_ROOT/etc/passwd"
	return 1
}
