# operation: build-user
# default: remove_build_user
# reason: an account that only the build needed is one more way into every instance
# paths: the user as which the build logs in: its lines in /etc/passwd, shadow, group, gshadow, subuid, subgid, sudoers and doas.conf, its
#   home, mailbox, crontab and lingering. At the shutdown, because the session is that user's
#
# Not userdel, which refuses a user who is logged in, and leaves sudoers,
# crontabs and lingering.

# build_user_read: sets "user_number", "user_group" and "user_home"; fails where
# passwd has no such line.
build_user_read() {
	while IFS=: read -r account _ user_number user_group _ user_home _ <&4 || [ -n "$account" ]; do
		if [ "$account" = "$GA_BUILD_USER" ]; then
			user_home=$GA_ROOT${user_home%/}
			return 0
		fi
	done 4<"$GA_ROOT/etc/passwd"
	return 1
}

# build_user_has_home: a directory of that user alone, and no part of the system.
build_user_has_home() {
	case ${user_home#"$GA_ROOT"} in /*/*) ;; *) return 1 ;; esac
	[ -d "$user_home" ] && [ ! -L "$user_home" ] && [ "$(stat -c %u "$user_home")" = "$user_number" ]
}

# build_user_rules COMMAND FILE...: COMMAND with an expression for the rules that
# let the user become root.
build_user_rules() {
	rules_do=$1
	escaped=$(printf %s "$GA_BUILD_USER" | sed 's/[.]/[.]/g')
	"$rules_do" "^[[:space:]]*(Defaults:)?$escaped([[:space:]]|\$)" "$GA_ROOT"/etc/sudoers "$GA_ROOT"/etc/sudoers.d/*
	"$rules_do" "^(permit|deny)([[:space:]]+(nopass|nolog|persist|keepenv|setenv[[:space:]]*[{][^}]*[}]))*[[:space:]]+$escaped([[:space:]]|\$)" \
		"$GA_ROOT"/etc/doas.conf "$GA_ROOT"/etc/doas.d/*
}

# build_user_lines COMMAND: the same for the lines of accounts, passwd last: by it
# the user is found again if something ends this early.
build_user_lines() {
	lines_do=$1
	build_user_rules "$lines_do"
	"$lines_do" "^($escaped|$user_number):" "$GA_ROOT"/etc/subuid "$GA_ROOT"/etc/subgid
	"$lines_do" "^$escaped:" "$GA_ROOT"/etc/shadow "$GA_ROOT"/etc/passwd
}

# build_user_files COMMAND: what is named for the user.
build_user_files() {
	for place in var/mail var/spool/mail var/spool/cron/crontabs var/spool/cron/tabs var/spool/cron var/lib/systemd/linger \
		var/lib/AccountsService/users var/lib/AccountsService/icons var/lib/sudo/lectured var/db/sudo/lectured; do
		[ -d "$GA_ROOT/$place/$GA_BUILD_USER" ] || "$1" "$GA_ROOT/$place/$GA_BUILD_USER"
	done
}

# build_user_without FILE: sets "others" to the lines of group or gshadow without
# the user, and "differ" to whether that is less. Its own group goes if nobody
# else is in it.
build_user_without() {
	others='' differ=false
	[ -f "$GA_ROOT/etc/$1" ] || return 0
	while IFS=: read -r group word third fourth <&4 || [ -n "$group" ]; do
		line=$group:$word:$third:$fourth
		case $group in [+-]* | '') [ -n "$word" ] || line=$group ;; esac
		was=$line
		build_user_not_in "$fourth"
		fourth=$members
		[ "$1" = group ] || { build_user_not_in "$third" && third=$members; }
		case $line in *:*) line=$group:$word:$third:$fourth ;; esac
		if [ "$group" = "$GA_BUILD_USER" ] && [ -z "$fourth" ] && ! build_user_group_is_used; then
			differ=true
			continue
		fi
		[ "$line" = "$was" ] || differ=true
		others=$others${others:+$newline}$line
	done 4<"$GA_ROOT/etc/$1"
}

# build_user_not_in LIST: sets "members" to the names in it without the user.
build_user_not_in() {
	members=''
	set -f
	IFS=,
	for member in $1; do
		[ "$member" = "$GA_BUILD_USER" ] || members=$members${members:+,}$member
	done
	unset IFS
	set +f
}

# build_user_group_is_used: whether it is another user's first group.
build_user_group_is_used() {
	while IFS=: read -r account _ _ number _ <&5 || [ -n "$account" ]; do
		[ "$account" = "$GA_BUILD_USER" ] || [ "$number" != "$user_group" ] || return 0
	done 5<"$GA_ROOT/etc/passwd"
	return 1
}

# build_user_seal: where an init system runs, its hook does it at the shutdown.
build_user_seal() {
	build_user_read || return 0
	if ! $at_shutdown && hook_stands; then
		emit fact build-user "$GA_BUILD_USER is removed at the shutdown"
		return 0
	fi
	! build_user_has_home || clear_out "$user_home"
	build_user_files drop
	for name in group gshadow; do
		build_user_without "$name"
		! $differ || kept "$GA_ROOT/etc/$name" || rewrite "$GA_ROOT/etc/$name" "$others"
	done
	build_user_lines drop_lines
}

build_user_check() {
	build_user_read || return 0
	if [ "$GA_MODE" = seal ] && ! $at_shutdown && hook_stands; then
		return 0
	fi
	build_user_lines left_lines
	build_user_files left
	! build_user_has_home || left "$user_home"
	for name in group gshadow; do
		build_user_without "$name"
		! $differ || left "$GA_ROOT/etc/$name"
	done
}
