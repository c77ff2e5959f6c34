# operation: ssh-client-keys
# reason: a private key in an image is everybody's, and known_hosts is a map of the inner network
# paths: ~/.ssh/id_*, any private key in ~/.ssh, ~/.ssh/known_hosts*

ssh_client_keys_home() {
	drop "$1"/.ssh/known_hosts "$1"/.ssh/known_hosts.old "$1"/.ssh/known_hosts2
	for file in "$1"/.ssh/* "$1"/.ssh/.[!.]*; do
		case ${file##*/} in
		id_*.pub) drop "$file" ;;
		id_*) destroy "$file" ;;
		# Keys have other names too; their content has not.
		*) ! holds_key "$file" || destroy "$file" ;;
		esac
	done
}

ssh_client_keys_seal() { each_home ssh_client_keys_home; }

ssh_client_keys_check() { each_home ssh_client_keys_home_check; }

ssh_client_keys_home_check() {
	left "$1"/.ssh/id_* "$1"/.ssh/known_hosts*
	for file in "$1"/.ssh/* "$1"/.ssh/.[!.]*; do
		! holds_key "$file" || left "$file"
	done
}
