# operation: salt
# reason: minions with one id and one key answer for each other
# paths: /etc/salt/minion_id, below /etc/salt/pki/minion, /var/cache/salt/minion

salt_each() {
	"$1" "$GA_ROOT/etc/salt/pki/minion"
	"$2" "$GA_ROOT/var/cache/salt/minion"
	"$3" "$GA_ROOT/etc/salt/minion_id"
}

salt_seal() {
	[ ! -d "$GA_ROOT/etc/salt/pki/minion" ] || stop_services salt-minion.service
	salt_each wipe_tree clear_files drop
}

salt_check() { salt_each left_files left_files left; }
