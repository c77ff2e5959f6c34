# operation: fstab
# reason: cloud-init wrote the build instance's own disks and swap there; an instance without them waits for them at boot
# paths: lines with comment=cloudconfig in /etc/fstab; cloud-init writes new ones

fstab_seal() { drop_lines 'comment=cloudconfig' "$GA_ROOT/etc/fstab"; }

fstab_check() { left_lines 'comment=cloudconfig' "$GA_ROOT/etc/fstab"; }
