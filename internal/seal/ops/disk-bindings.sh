# operation: disk-bindings
# default: off
# reason: a list of the build's disks can hide an instance's; where root lies on LVM or multipath the list may be needed to boot
# paths: /etc/lvm/devices/system.devices, /etc/lvm/{archive,backup}, /etc/multipath/{wwids,bindings}

disk_bindings_each() {
	"$2" "$GA_ROOT"/etc/lvm/devices/system.devices "$GA_ROOT"/etc/multipath/wwids "$GA_ROOT"/etc/multipath/bindings
	"$1" "$GA_ROOT/etc/lvm/archive"
	"$1" "$GA_ROOT/etc/lvm/backup"
}

disk_bindings_seal() { disk_bindings_each clear_files drop; }

disk_bindings_check() { disk_bindings_each left_files left; }
