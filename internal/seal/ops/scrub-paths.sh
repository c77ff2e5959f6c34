# operation: scrub-paths
# default: scrub_paths
# reason: you named it in scrub_paths
# paths: what scrub_paths names, files and directories with all that is in them

scrub_paths_seal() { each_scrubbed scrub_one; }

# A link goes, what it leads to stays.
scrub_one() {
	if ! here "$1"; then
		emit note "nothing is at ${1#"$GA_ROOT"}, which scrub_paths names"
	elif [ -d "$1" ] && [ ! -L "$1" ]; then
		remove_tree "$1"
	elif other_names "$1" && may_touch "$1"; then
		warn "${1#"$GA_ROOT"} has other names too, and was only unlinked"
		drop "$1"
	else
		destroy "$1"
	fi
}

scrub_paths_check() { each_scrubbed scrub_left; }

# Directories that lead to something kept stay.
scrub_left() {
	if [ -d "$1" ] && [ ! -L "$1" ]; then
		left_below "$1" ! -type d
		keeps_below "$1" || left "$1"
	else
		left "$1"
	fi
}
