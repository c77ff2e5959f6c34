# ---- return: whether machines of the image can be reached and used ----
# All of it is looked at before anything is removed. Most of these faults show
# in no build: they show when an instance does not come up.

keys_unit=/etc/systemd/system/goldenami-host-keys.service
keys_wanted=/etc/systemd/system/multi-user.target.wants/goldenami-host-keys.service
keys_script=/etc/init.d/goldenami-host-keys
keys_from= # what has to be installed: systemd, openrc or nothing

# machines_return: NAMES are the operations that run.
machines_return() {
	case " $1 " in
	*' ssh-host-keys '*) $GA_ALLOW_NO_HOST_KEYS || host_keys_return ;;
	esac
	case " $1 " in
	*' authorized-keys '*) $GA_ALLOW_NO_LAUNCH_KEY || launch_key_comes ;;
	esac
	network_comes
	case " $1 " in
	*' build-user '*) build_user_may_go ;;
	esac
	$GA_LIVE || return 0
	sshd_starts
	sudo_works
	fstab_mounts
}

# host_keys_return: an sshd without host keys accepts nobody, and on many
# distributions (Debian up to 12, Ubuntu LTS) cloud-init alone makes new ones.
# Debian 13 makes them at what systemd calls a first boot, and an empty
# machine-id is none. There the seal installs a unit that does.
host_keys_return() {
	if ! sshd_is_there; then
		emit fact host-keys "no sshd"
	elif openssh_is_there && ! keygen_is_there; then
		refuse host-keys "the guest has sshd and no ssh-keygen, with which cloud-init and every unit make SSH host keys, so no instance of the image could be reached by SSH; install the package that has it, or set allow_no_host_keys = true, or skip ssh-host-keys"
	elif cloud_init_makes_keys; then
		emit fact host-keys "made again by cloud-init"
	elif maker=$(unit_makes_keys); then
		emit fact host-keys "made again by $maker"
	elif [ -e "$GA_ROOT/usr/bin/ssh-keygen" ] && has_systemd; then
		keys_from=systemd
		emit fact host-keys "made again by $keys_unit, which the seal installs"
	elif [ -e "$GA_ROOT/usr/bin/ssh-keygen" ] && has_openrc; then
		keys_from=openrc
		emit fact host-keys "made again by $keys_script, which the seal installs"
	else
		refuse host-keys "nothing in this guest would make SSH host keys again (no cloud-init with its ssh module, no sshd-keygen unit that runs at every boot), and without systemd and OpenRC nothing can be installed that does, so no instance of the image could be reached by SSH; install cloud-init, or set allow_no_host_keys = true, or skip ssh-host-keys"
	fi
}

# install_keys_maker: before all that listens for SSH. It makes what is missing
# and nothing else, so that it can run at every boot.
install_keys_maker() {
	case $keys_from in
	'') ;;
	systemd)
		install_keys_unit || {
			rm -f -- "$GA_ROOT$keys_unit" "$GA_ROOT$keys_wanted"
			refuse host-keys "the unit that would make SSH host keys again cannot be written to $keys_unit; is the disk full?"
		}
		;;
	openrc)
		install_keys_script || {
			rm -f -- "$GA_ROOT$keys_script" "$GA_ROOT"/etc/runlevels/*/"${keys_script##*/}"
			refuse host-keys "the script that would make SSH host keys again cannot be written to $keys_script; is the disk full?"
		}
		;;
	esac
} 2>/dev/null

install_keys_unit() {
	make_inside "$GA_ROOT${keys_wanted%/*}" && (printf '%s\n' '[Unit]' 'Description=Make the SSH host keys that are missing' 'DefaultDependencies=no' \
		'RequiresMountsFor=/etc/ssh' 'After=local-fs.target systemd-remount-fs.service' \
		'Before=ssh.service ssh.socket sshd.service sshd.socket shutdown.target' 'Conflicts=shutdown.target' 'ConditionPathIsReadWrite=/etc/ssh' \
		'[Service]' 'Type=oneshot' 'RemainAfterExit=yes' 'ExecStart=/usr/bin/ssh-keygen -A' \
		'[Install]' 'WantedBy=multi-user.target' >"$GA_ROOT$keys_unit") &&
		ln -sf "$keys_unit" "$GA_ROOT$keys_wanted"
}

# make_inside DIR: makes it, unless a link on its way leads out of the root.
make_inside() {
	there=$1
	while ! here "$there"; do there=${there%/*}; done
	inside "$there" && mkdir -p "$1"
}

# install_keys_script: in the runlevel of sshd, or else in the one that all have.
install_keys_script() {
	inside "$GA_ROOT/etc/init.d" && inside "$GA_ROOT/etc/runlevels" || return 1
	(printf '%s\n' '#!/sbin/openrc-run' 'description="Makes the SSH host keys that are missing"' \
		'depend() {' '	after localmount bootmisc' '	before sshd ssh dropbear' '}' \
		'start() {' '	/usr/bin/ssh-keygen -A >/dev/null' '}' >"$GA_ROOT$keys_script") && chmod 755 "$GA_ROOT$keys_script" || return 1
	keys_level=default
	for enabled in "$GA_ROOT"/etc/runlevels/*/sshd "$GA_ROOT"/etc/runlevels/*/ssh; do
		! here "$enabled" || keys_level=$(basename "${enabled%/*}")
	done
	ln -sf "$keys_script" "$GA_ROOT/etc/runlevels/$keys_level/${keys_script##*/}"
}

# launch_key_comes: with every authorized key gone, something must bring the key
# that an instance is launched with, or there must be another way in.
launch_key_comes() {
	if ! sshd_is_there; then
		emit fact launch-key "no sshd"
	elif cloud_init_finds_data; then
		emit fact launch-key "brought by cloud-init"
	elif way=$(other_way_in); then
		emit fact launch-key "$way"
	else
		refuse launch-key "nothing in this guest would let in the key that an instance is launched with (no cloud-init that is enabled and has a datasource, no AuthorizedKeysCommand or TrustedUserCAKeys in sshd's configuration, no agent of Systems Manager), so nobody could log in to an instance of the image; install cloud-init, or name users whose keys stay in keep_users, or set allow_no_launch_key = true"
	fi
}

# cloud_init_finds_data: the last list of datasources that the configuration
# names is the one that counts.
cloud_init_finds_data() {
	[ ! -e "$GA_ROOT/etc/cloud/cloud-init.disabled" ] || return 1
	[ -f "$GA_ROOT/etc/cloud/cloud.cfg" ] || [ -x "$GA_ROOT/usr/bin/cloud-init" ] || [ -x "$GA_ROOT/usr/local/bin/cloud-init" ] || return 1
	list=$(cat "$GA_ROOT"/etc/cloud/cloud.cfg "$GA_ROOT"/etc/cloud/cloud.cfg.d/*.cfg 2>/dev/null | grep '^datasource_list:' | tail -n 1)
	case $(printf %s "${list#datasource_list:}" | tr -d " \"'") in
	'[]' | '[None]') return 1 ;;
	esac
	return 0
}

# other_way_in: names it.
other_way_in() {
	for keyword in AuthorizedKeysCommand TrustedUserCAKeys; do
		case $(sshd_setting "$keyword" | head -n 1) in
		'' | [Nn][Oo][Nn][Ee]) ;;
		*)
			printf '%s of sshd' "$keyword"
			return 0
			;;
		esac
	done
	for agent in "$GA_ROOT"/usr/bin/amazon-ssm-agent "$GA_ROOT"/snap/amazon-ssm-agent/current/amazon-ssm-agent \
		"$GA_ROOT"/usr/bin/afterburn "$GA_ROOT"/usr/libexec/afterburn "$GA_ROOT"/sbin/tiny-cloud "$GA_ROOT"/usr/sbin/tiny-cloud; do
		[ ! -x "$agent" ] || {
			printf 'by %s' "${agent##*/}"
			return 0
		}
	done
	# A name that nobody has lets nobody in.
	if [ -n "$(each_kept_user name_account)" ]; then
		printf 'keys of users that are kept'
		return 0
	fi
	return 1
}

name_account() { ! is_account "$1" || echo "$1"; }

# sshd_starts: a configuration that a running sshd has not read yet. Without host
# keys, in a guest that is sealed again, sshd does not say.
sshd_starts() {
	for key in /etc/ssh/ssh_host_*_key; do
		[ -s "$key" ] || return 0
	done
	for sshd in /usr/sbin/sshd /usr/bin/sshd /usr/local/sbin/sshd; do
		[ -x "$sshd" ] || continue
		message=$("$sshd" -t 2>&1) && return 0
		case $message in
		*[Pp]'rivilege separation directory'*) ;; # its unit makes it
		*) refuse sshd "sshd would not start on an instance: ${message%%"$newline"*}" ;;
		esac
		return 0
	done
}

# sudo_works: one wrong line in one file, and sudo before 1.9.3 refuses everybody,
# a newer one whom the line was for. With -f visudo leaves modes alone: it wants
# 0440, sudo itself takes all that nobody else may write.
sudo_works() {
	command -v visudo >/dev/null 2>&1 || return 0
	message=$(visudo -c -f /etc/sudoers 2>&1) ||
		refuse sudo "sudo would refuse users on an instance: $(printf '%s\n' "$message" | grep -v ' parsed OK$' | head -n 1)"
	ignored=$(find /etc/sudoers /etc/sudoers.d -maxdepth 1 -type f ! -name '*.*' \( ! -user 0 -o -perm -0002 \) 2>/dev/null | head -n 1)
	[ -z "$ignored" ] || refuse sudo "sudo does not read $ignored, since others than root may write it, and would refuse users on an instance; give it to root with mode 0440"
}

# fstab_mounts: a disk that is not here is not there on an instance either, and
# systemd waits for it and then asks for root's password.
fstab_mounts() {
	[ -r /etc/fstab ] && has_disks || return 0
	while read -r device point type mounted_with _ <&4; do
		case $device in '' | '#'* | *\\*) continue ;; esac
		case ,$mounted_with, in *,nofail,* | *,noauto,* | *,x-systemd.automount,* | *,comment=cloudconfig,*) continue ;; esac
		case $device in
		UUID=*) node=/dev/disk/by-uuid/${device#UUID=} ;;
		LABEL=*) node=/dev/disk/by-label/${device#LABEL=} ;;
		PARTUUID=*) node=/dev/disk/by-partuuid/${device#PARTUUID=} ;;
		PARTLABEL=*) node=/dev/disk/by-partlabel/${device#PARTLABEL=} ;;
		/dev/*) node=$device ;;
		*) continue ;;
		esac
		disk_is_there "$(printf %s "$node" | tr -d '"')" ||
			refuse fstab "/etc/fstab mounts $device on $point ($type), which is not here: an instance would wait for it and not boot; remove the line or add nofail to it"
	done 4</etc/fstab
}

# has_disks: a container sees none, whatever its fstab says.
has_disks() { [ -d /dev/disk/by-uuid ]; }

disk_is_there() { [ -e "$1" ]; }
