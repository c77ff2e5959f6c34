# ---- swap: areas in which the kernel keeps memory ----

swap_table=/proc/swaps

# each_swap FUNCTION: calls it with each area that an image can hold, once, and with
# the kilobytes that are in use, empty where the area is not.
each_swap() {
	areas=$newline
	# A container sees the swap of its host.
	if $GA_LIVE && ! in_container && [ -r "$swap_table" ]; then
		while read -r area _ _ used _ <&4; do
			case $area in /dev/zram* | [!/]*) continue ;; esac
			swap_once "$1" "$(unescaped "$area")" "$used"
		done 4<"$swap_table"
	fi
	[ -r "$GA_ROOT/etc/fstab" ] || return 0
	while read -r area _ kind _ <&4 || [ -n "$area" ]; do
		case $kind:$area in
		swap:/dev/*) ;;
		swap:/*) swap_once "$1" "$GA_ROOT$(unescaped "$area")" '' ;;
		esac
	done 4<"$GA_ROOT/etc/fstab"
}

# swap_once FUNCTION AREA USED: what is no swap area is nobody's business here.
swap_once() {
	case $areas in *"$newline$2$newline"*) return 0 ;; esac
	areas=$areas$2$newline
	if [ -b "$2" ]; then
		! kept "$2" || return 0
	else
		[ -f "$2" ] && [ ! -L "$2" ] && may_touch "$2" || return 0
	fi
	! swap_header "$2" || "$1" "$2" "$3"
}

# swap_header AREA: sets "page" to the size of its header, which is a page of the
# machine that made it, and fails where there is none.
swap_header() {
	for page in 4096 16384 65536; do
		[ "$(dd if="$1" bs=1 skip=$((page - 10)) count=10 2>/dev/null | tr -d '\000')" != SWAPSPACE2 ] || return 0
	done
	return 1
}

# swap_clear AREA USED
swap_clear() {
	[ -z "$2" ] || swap_off "$@" || return 0
	swap_holds "$@" || return 0
	swap_zero "$1"
	# At once: when the checks run, an area that is off may be known to nobody.
	if swap_holds "$@"; then
		fail "${1#"$GA_ROOT"} could not be overwritten"
	else
		removed=$((removed + 1))
	fi
}

# swap_zero AREA: reading and writing share one place in it, so the header is passed
# over. A device is written until it ends, which is an error to cat.
swap_zero() {
	if [ -b "$1" ]; then
		{ dd bs="$page" count=1 of=/dev/null && cat /dev/zero >&0; } 0<>"$1" 2>/dev/null
	else
		behind=$(($(size_of "$1") - page)) bytes=$((bytes + behind))
		{ dd bs="$page" count=1 of=/dev/null && head -c "$behind" /dev/zero >&0; } 0<>"$1" 2>/dev/null
	fi
}

# swap_off AREA USED: so that nothing comes into it any more.
swap_off() {
	free=$(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo 2>/dev/null)
	if [ -n "$free" ] && [ "$2" != 0 ] && [ "$2" -ge "$free" ]; then
		fail "${1#"$GA_ROOT"} cannot be turned off: it has $2 kB of memory, and only $free kB are free; stop what needs so much before the seal"
		return 1
	fi
	message=$(swapoff "$1" 2>&1) || {
		fail "${1#"$GA_ROOT"} cannot be turned off: $message"
		return 1
	}
}

# swap_holds AREA USED: whether anything but zeros is behind the header, or it could
# not be read within two minutes.
swap_holds() {
	[ -z "$2" ] || forget_cached
	# shellcheck disable=SC2016 # the inner shell expands it
	set -- sh -c 'tail -c +"$1" -- "$2" | tr -d "\000" | head -c 1 | wc -c' sh $((page + 1)) "$1"
	! command -v timeout >/dev/null 2>&1 || set -- timeout 120 "$@"
	[ "$("$@" 2>/dev/null | tr -d ' ')" != 0 ]
}

# forget_cached: what the kernel has read of an area is older than what it swapped out
# since.
forget_cached() {
	sync
	echo 1 2>/dev/null >/proc/sys/vm/drop_caches
}
