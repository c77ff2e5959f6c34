# ---- place: what belongs to the image, and what is only reached from it ----

# literal PATH: as a pattern of find that means itself. A question mark stays one:
# it stands for a newline in the names of mounts.
literal() { printf %s "$1" | sed 's/[][*\\]/\\&/g'; }

# unescaped NAME: as it is, where the kernel and fstab write a blank as \040.
unescaped() { printf %b "$(printf '%s\n' "$1" | sed 's/\\/\\0/g')"; }

mount_table=/proc/mounts
mounts=$newline distant=$newline disks=$newline

# read_mounts: sets "mounts" to what is mounted below the root, "distant" to those of
# them that are other machines' or a user's program's, and "disks" to those that are
# the guest's own and can be written, one to a line.
read_mounts() {
	[ -r "$mount_table" ] || return 0
	while read -r device place kind _ <&4; do
		case $place in *\\*) place=$(unescaped "$place" | tr '\n' '?') ;; esac
		case $place in
		"$GA_ROOT"/proc/* | "$GA_ROOT"/sys/* | "$GA_ROOT"/dev/* | "$GA_ROOT"/run/*) continue ;;
		"$GA_ROOT"/?*) mounts=$mounts$place$newline ;;
		*) continue ;;
		esac
		case $kind in
		nfs | nfs4 | cifs | smb3 | smbfs | afs | ceph | lustre | gfs2 | ocfs2 | gpfs | beegfs* | 9p | virtiofs | vboxsf | fuse | fuse.*)
			distant=$distant$place$newline
			continue
			;;
		squashfs | iso9660 | erofs) continue ;; # read-only by its kind, it came with the system
		esac
		case $device:$kind in /dev/* | *:zfs) disks=$disks$place$newline ;; esac
	done 4<"$mount_table"
}

# tell_mounts: for the report, since nobody else says that something was left out.
tell_mounts() {
	untold=${mounts#"$newline"}
	while [ -n "$untold" ]; do
		place=${untold%%"$newline"*} untold=${untold#*"$newline"}
		case $distant in
		*"$newline$place$newline"*) emit note "${place#"$GA_ROOT"} is a file system of another machine: it is not touched" ;;
		*)
			case $place in "$GA_ROOT"/tmp/* | "$GA_ROOT"/var/tmp/*)
				emit note "${place#"$GA_ROOT"} is mounted where temporary files are: what is in it is not touched"
				;;
			esac
			;;
		esac
	done
}

# far PATH: whether it lies on another machine. A path without links.
far() {
	[ "$distant" != "$newline" ] || return 1
	others=${distant#"$newline"}
	while [ -n "$others" ]; do
		case $1/ in "${others%%"$newline"*}"/*) return 0 ;; esac
		others=${others#*"$newline"}
	done
	return 1
}

# and_mounts COMMAND DIR [TESTS]: COMMAND on DIR, and on the file systems that are
# mounted below it: hardened guests have /var/log/audit on a disk of its own.
and_mounts() { on_each "$mounts" "$@"; }

# and_disks COMMAND DIR: the same for what is on disks, so that an image may hold it.
and_disks() { on_each "$disks" "$@"; }

# on_each MOUNTS COMMAND DIR [TESTS]: not on what is the same disk once more under
# another name.
on_each() {
	waiting=${1#"$newline"} mounts_do=$2 mounts_in=$3
	shift 3
	"$mounts_do" "$mounts_in" "$@"
	resolve "$mounts_in" || return 0
	beneath=$real seen_disks=" $(stat -c %d -- "$GA_ROOT/") $(stat -c %d -- "$real/") "
	while [ -n "$waiting" ]; do
		place=${waiting%%"$newline"*} waiting=${waiting#*"$newline"}
		case $place in "$beneath"/*) ;; *) continue ;; esac
		[ -d "$place" ] && ! far "$place" && disk=$(stat -c %d -- "$place/") || continue
		case $seen_disks in *" $disk "*) continue ;; esac
		seen_disks="$seen_disks$disk "
		"$mounts_do" "$place" "$@"
	done
}

# physical DIR: its path without symbolic links.
physical() { (cd -P -- "$1/" 2>/dev/null && pwd -P); }

# resolve DIR: sets "real" to its path without symbolic links. A process is made
# only where there are links: most paths have none, and processes are what the
# seal's time goes to.
resolve() {
	real=${1%/} astray="leads out of the root"
	case $real/ in
	*/../* | */./* | *//*) ;;
	"$GA_ROOT"/*)
		part=$real
		while [ "$part" != "$GA_ROOT" ] && [ ! -L "$part" ]; do part=${part%/*}; done
		if [ "$part" = "$GA_ROOT" ]; then
			[ -d "$1/" ]
			return
		fi
		;;
	esac
	real=$(physical "$1") || return 1
	trusted "${1%/}" || {
		astray="is reached by a link of a user to what is not that user's"
		return 1
	}
}

# trusted PATH: whether each link on the way is root's, or leads to what is its
# owner's: otherwise a user's link could send root anywhere.
trusted() {
	part=$1
	while [ "$part" != "$GA_ROOT" ] && [ -n "$part" ]; do
		if [ -L "$part" ]; then
			owner=$(stat -c %u -- "$part")
			[ "$owner" = 0 ] || [ "$owner" = "$(stat -L -c %u -- "$part")" ] || return 1
		fi
		part=${part%/*}
	done
}

# inside DIR: whether DIR, links followed, lies in the root that is sealed. In a
# mounted root an absolute link of the guest leads to files of the host.
inside() {
	resolve "$1" || return 1
	case ${real%/}/ in
	"$GA_ROOT"/*)
		far "$real" || return 0
		astray= # told by tell_mounts
		;;
	esac
	return 1
}

# each_home FUNCTION: calls it with every home of passwd, wherever it lies, with
# what becomes of a new one, and with those under /home and /root whose user is
# gone or of a domain. "/" is a home on some distributions and comes as the root
# itself.
each_home() {
	visited=$newline
	while IFS=: read -r user _ _ _ _ home _ <&4 || [ -n "$user" ]; do
		case $home in
		/*) visit "$1" "$GA_ROOT${home%/}" ;;
		esac
	done 4<"$GA_ROOT/etc/passwd"
	for home in "$GA_ROOT"/root "$GA_ROOT"/etc/skel "$GA_ROOT"/usr/etc/skel "$GA_ROOT"/home/*; do
		holds_homes "$home" && domain=$home || domain=
		visit "$1" "$home"
		[ -z "$domain" ] || for member in "$domain"/*; do visit "$1" "$member"; done
	done
}

# holds_homes DIR: a directory of a domain, like /home/example.com: nobody's home,
# and without what every home has.
holds_homes() {
	case $1 in "$GA_ROOT"/home/*) ;; *) return 1 ;; esac
	case $visited in *"$newline$1$newline"*) return 1 ;; esac
	for hidden in "$1"/.[!.]*; do
		! here "$hidden" || return 1
	done
}

# visit FUNCTION DIR: once for each, although users may share one. A home on
# another machine goes on being used there.
visit() {
	case $visited in *"$newline$2$newline"*) return 0 ;; esac
	visited=$visited$2$newline
	[ -d "$2/" ] || return 0
	resolve "$2" && far "$real" || "$1" "$2"
}
