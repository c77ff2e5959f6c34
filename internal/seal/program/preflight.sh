# ---- preflight: everything that must be true before the first deletion ----

# refuse NAME TEXT: the seal does not start; all findings are told at once.
refuse() {
	refused=true
	emit preflight "$1" "$2"
}

preflight() {
	refused=false
	right_root || return 1
	for tool in cat find grep head od rm rmdir sed stat sync tr wc; do
		command -v "$tool" >/dev/null 2>&1 || refuse tools "the guest has no $tool"
	done
	[ -r "$GA_ROOT/etc/passwd" ] || refuse root "/etc/passwd cannot be read, so the homes are not known"
	each_kept keep_is_physical
	each_kept_user kept_user_is_there
	if [ "$GA_MODE" = seal ]; then
		can_write "$GA_ROOT/etc"
		can_write "$GA_ROOT/var"
		# shellcheck disable=SC2046 # the names are single words
		machines_return "$(printf '%s ' $(each_operation name_of))"
		wait_for_cloud_init
	fi
	[ "$refused" = false ]
}

name_of() { echo "$1"; }

# in_chroot: a chroot builder runs its commands below the root that it mounted:
# / is the image, and init and /run are another machine's, or not there.
GA_CHROOT=false
in_chroot() { [ -e /proc/1/root/. ] && ! [ /proc/1/root/. -ef /. ]; }

# right_root: the running guest only where it was asked for by name. A mounted
# root must be no other name of the running system ("-ef" is POSIX since 2024;
# dash, bash and BusyBox have long had it).
right_root() {
	if $GA_LIVE || $GA_CHROOT; then
		[ "$(id -u)" = 0 ] || refuse privilege "the program does not run as root"
	elif [ -z "$GA_ROOT" ] || [ "$(physical "$GA_ROOT")" != "$GA_ROOT" ] || [ "$GA_ROOT/." -ef /. ] || [ "$GA_ROOT/etc" -ef /etc ]; then
		refuse root "the root to seal is not a directory of its own, named by its physical path"
	fi
	[ "$refused" = false ]
}

# keep_is_physical PATH: a kept path behind a link would be removed under its
# other name.
keep_is_physical() {
	here "$1" || {
		emit note "nothing is at ${1#"$GA_ROOT"}, which keep names"
		return 0
	}
	kept_in=$(physical "${1%/*}") || return 0
	[ "${kept_in%/}/${1##*/}" = "$1" ] || refuse keep "${1#"$GA_ROOT"} is reached through a symbolic link; name it ${kept_in#"$GA_ROOT"}/${1##*/}"
}

kept_user_is_there() {
	is_account "$1" || warn "keep_users names $1, who is not in /etc/passwd"
}

# is_account NAME: whether passwd has a line of it.
is_account() {
	while IFS=: read -r account _ <&4 || [ -n "$account" ]; do
		[ "$account" != "$1" ] || return 0
	done 4<"$GA_ROOT/etc/passwd"
	return 1
}

sshd_is_there() { openssh_is_there || [ -e "$GA_ROOT/usr/sbin/dropbear" ]; }

openssh_is_there() { one_of usr/sbin/sshd sbin/sshd usr/bin/sshd usr/local/sbin/sshd; }

keygen_is_there() { one_of usr/bin/ssh-keygen bin/ssh-keygen usr/local/bin/ssh-keygen; }

# one_of PATH...: whether the guest has any of them.
one_of() {
	for candidate; do
		[ ! -e "$GA_ROOT/$candidate" ] || return 0
	done
	return 1
}

# cloud_init_makes_keys: installed or configured, not disabled, and with its ssh
# module where the configuration lists modules at all.
cloud_init_makes_keys() {
	[ ! -e "$GA_ROOT/etc/cloud/cloud-init.disabled" ] || return 1
	config=$GA_ROOT/etc/cloud/cloud.cfg
	if [ -f "$config" ]; then
		grep -q '^cloud_init_modules' "$config" || return 0
		sed -n '/^cloud_init_modules/,/^cloud_config_modules/p' "$config" |
			grep -Eq '(^|[^A-Za-z0-9_-])ssh([^A-Za-z0-9_-]|$)'
		return
	fi
	[ -x "$GA_ROOT/usr/bin/cloud-init" ] || [ -x "$GA_ROOT/usr/local/bin/cloud-init" ]
}

# unit_makes_keys: names the unit or script that makes host keys before sshd. A
# unit with ConditionFirstBoot (Debian 13) does not count: an empty machine-id
# is no first boot to systemd.
unit_makes_keys() {
	if has_systemd; then
		for units in "$GA_ROOT"/etc/systemd/system "$GA_ROOT"/usr/lib/systemd/system "$GA_ROOT"/lib/systemd/system; do
			for unit in "$units"/sshd-keygen*.service "$units"/ssh.service "$units"/sshd.service \
				"$units"/ssh.service.d/*.conf "$units"/sshd.service.d/*.conf; do
				[ -f "$unit" ] && [ -s "$unit" ] || continue
				grep -Eq '^ConditionFirstBoot= *(yes|true|1|on)' "$unit" && continue
				grep -Eq '^Exec(Start|StartPre)=.*(ssh-keygen|sshd-keygen|sshd-gen-keys)' "$unit" || continue
				printf '%s' "${unit#"$GA_ROOT"}"
				return 0
			done
		done
	fi
	for script in "$GA_ROOT"/etc/init.d/sshd "$GA_ROOT"/etc/init.d/ssh "$GA_ROOT$keys_script" "$GA_ROOT"/etc/rc.local; do
		# Under systemd an init script beside a unit of its name is dead.
		has_systemd && [ "${script##*/}" != rc.local ] && continue
		[ -x "$script" ] && grep -Eq '^[^#]*ssh-keygen' "$script" || continue
		printf '%s' "${script#"$GA_ROOT"}"
		return 0
	done
	return 1
}

# wait_for_cloud_init: on a fast build it still runs, and would write its state
# back. Its result is a link, which dangles in a guest that is sealed again.
wait_for_cloud_init() {
	cloud_init_boots || return 0
	timeout 120 cloud-init status --wait >/dev/null 2>&1
	case $? in
	# coreutils and BusyBox say so when the time was up; all else is an end.
	124 | 143) refuse cloud-init "cloud-init still runs after two minutes and would write its state back; wait for it in a provisioner (cloud-init status --wait)" ;;
	esac
}

cloud_init_boots() {
	$GA_LIVE && [ -d /run/cloud-init ] && ! here /run/cloud-init/result.json && command -v cloud-init >/dev/null 2>&1
}
