# operation: temp-files
# reason: scripts and variable files of the build lie there, with the secrets that they were given
# paths: below /tmp and /var/tmp, Packer's and Ansible's leftovers in homes
#
# The directories themselves stay, with their mode. Sockets stay because someone
# listens on them, and systemd-private-* because services that run have them as
# their /tmp; systemd removes those itself at the power-off.

temp_files_seal() {
	for dir in tmp var/tmp; do
		clear_tree "$GA_ROOT/$dir" ! -path '*/systemd-private-*'
	done
	each_home temp_files_home
}

temp_files_home() {
	# Packer's provisioners write here when their remote folder is the home.
	drop "$1"/packer-file[0-9]* "$1"/packer-shell[0-9]* "$1"/script_[0-9]*.sh "$1"/varfile_[0-9]*.sh
	clear_tree "$1/.ansible"
	clear_tree "$1/.ansible_async"
}

temp_files_check() {
	for dir in tmp var/tmp; do
		left_below "$GA_ROOT/$dir" ! -type d ! -type s ! -path '*/systemd-private-*'
	done
	each_home temp_files_home_check
}

temp_files_home_check() {
	left "$1"/packer-file[0-9]* "$1"/packer-shell[0-9]* "$1"/script_[0-9]*.sh "$1"/varfile_[0-9]*.sh
	left_below "$1/.ansible" -type f
	left_below "$1/.ansible_async" -type f
}
