# operation: chef
# reason: every instance would be one node to the Chef server; the validation key lets anybody make new ones
# paths: /etc/{chef,cinc}/{client,validation}.pem, validator keys and data bag secrets beside them, /var/chef/{cache,backup}

chef_each() {
	for dir in etc/chef etc/cinc; do
		"$2" "$GA_ROOT/$dir"/client.pem "$GA_ROOT/$dir"/validation.pem "$GA_ROOT/$dir"/*-validator.pem "$GA_ROOT/$dir"/encrypted_data_bag_secret
	done
	"$1" "$GA_ROOT/var/chef/cache"
	"$1" "$GA_ROOT/var/chef/backup"
}

chef_seal() { chef_each clear_files destroy; }

chef_check() { chef_each left_files left; }
