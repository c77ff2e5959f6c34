# operation: swap
# reason: what was in the build's memory, passwords too, may stand in its swap areas, and a snapshot copies them
# paths: swap areas in use, and swap files of /etc/fstab: turned off, and zeros over all but the header, so that instances have them again; never areas in memory, or from within a container
#
# Not removed: whoever made the area has a line in /etc/fstab or a unit for it.
# Near the end, when what needs memory is done.

swap_seal() { each_swap swap_clear; }

swap_check() { each_swap swap_left; }

swap_left() { ! swap_holds "$@" || evidence "$1 (pages of memory)"; }
