# operation: cloud-init
# reason: the next machine must run its own first boot, and the build's user data holds secrets
# paths: /var/lib/cloud/{data,instance,instances,sem,handlers}
#
# "cloud-init clean" is not used: it also removes the hooks that a build baked
# into scripts/per-boot, per-instance and per-once, and old versions (Amazon
# Linux) lack its options. scripts/ and seed/ are content, not state.

cloud_init_seal() {
	for dir in data instances sem handlers; do
		clear_tree "$GA_ROOT/var/lib/cloud/$dir"
	done
	if [ -L "$GA_ROOT/var/lib/cloud/instance" ]; then
		drop "$GA_ROOT/var/lib/cloud/instance"
	else
		clear_tree "$GA_ROOT/var/lib/cloud/instance"
	fi
}

cloud_init_check() {
	left_below "$GA_ROOT/var/lib/cloud" ! -type d ! -path '*/cloud/seed/*' ! -path '*/cloud/scripts/*'
	left_below "$GA_ROOT/var/lib/cloud/instances" -type d
}
