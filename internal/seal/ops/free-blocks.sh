# operation: free-blocks
# reason: a snapshot copies the blocks of removed files too, and they can be read from a volume made of it
# paths: free blocks of all mounted file systems whose device takes discards; in a running guest only
#
# After everything else, and once more after what the shutdown's hook removed: that
# is quick, as the kernel passes over what it has discarded. Not every device takes discards, and then nothing can be
# said of these blocks: a note tells so. Overwriting them instead would write, and
# store, the whole volume.

free_blocks_seal() {
	$GA_LIVE || return 0
	trim_all
}

trim_all() {
	command -v fstrim >/dev/null 2>&1 || {
		emit note "free blocks stay as they are: the guest has no fstrim"
		return 0
	}
	# To the kernel the blocks of a file are free when its removal is on the disk.
	sync
	trimmed=$(timeout "$($at_shutdown && echo 20 || echo 60)" fstrim -av 2>/dev/null) || trimmed=
	for size in $(printf '%s\n' "$trimmed" | sed -n 's/.*(\([0-9]*\) bytes) trimmed.*/\1/p'); do
		removed=$((removed + 1)) bytes=$((bytes + size))
	done
	[ "$removed" != 0 ] || emit note "free blocks stay as they are: no device of this guest takes discards"
}

# Nothing is left that could be looked at: the blocks are free before and after.
free_blocks_check() { true; }
