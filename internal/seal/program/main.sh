# ---- main: runs the selected operations, then looks at all of them ----

# seal_one NAME FUNCTION: in a subshell, so that not even an error that ends the
# shell keeps the other operations from running.
seal_one() {
	(
		removed=0 bytes=0 failures=0 reason=
		"$2_seal"
		result=sealed
		[ "$failures" = 0 ] || result=failed
		[ "$failures" -le 3 ] || reason="$reason; and $((failures - 3)) more"
		emit op "$1" "$result" "$removed" "$bytes" "$reason"
		[ "$failures" = 0 ] || exit 11
		exit 10
	)
	case $? in
	10) ;;
	11) status=1 ;;
	*)
		status=1
		emit op "$1" failed 0 0 "the operation ended early"
		;;
	esac
}

# check_one NAME FUNCTION: fails where it finds anything, or cannot look.
check_one() {
	(
		check=$1 found=0 failures=0 reason='' seen=$newline
		"$2_check"
		emit check "$1" "$found"
		[ "$found" = 0 ] || exit 11
		exit 10
	)
	case $? in
	10) ;;
	*) status=1 ;;
	esac
}

# prepare: the first that changes anything, and the last that may refuse.
prepare() {
	[ "$GA_MODE" = seal ] || return 0
	arm_hook
	[ "$refused" = true ] || install_keys_maker
	[ "$refused" = false ] || disarm_hook
	[ "$refused" = false ]
}

main() {
	# The report has its own descriptor; what tools print goes to stderr.
	exec 3>&1 1>&2
	status=0 at_shutdown=false
	emit start "$GA_MODE"
	if $GA_LIVE && in_chroot; then
		GA_LIVE=false GA_CHROOT=true
		emit fact place chroot
	fi
	read_mounts
	tell_mounts
	if ! preflight || ! prepare; then
		emit end 2
		exit 2
	fi
	if [ "$GA_MODE" = seal ]; then
		quiesce
		each_operation seal_one
		relabel
	fi
	each_operation check_one
	[ "$status" = 0 ] || [ "$GA_MODE" = audit ] || disarm_hook
	# A forced stop, or an image of a running spot instance, must find it on the
	# disk. A mounted root is written by its unmount.
	[ -n "$GA_ROOT" ] || sync
	emit end "$status"
	exit "$status"
}

# Nothing above this line has done anything. main must not read the rest of the
# program as its input.
main </dev/null
