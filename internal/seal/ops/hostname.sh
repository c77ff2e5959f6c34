# operation: hostname
# reason: the build host's name, and its address within, would be every instance's where nothing sets a new one
# paths: /etc/hostname and lines of /etc/hosts, when they look like EC2's ip-10-0-0-1
#
# A name that somebody chose stays. The running name is not changed: sudo would
# wait for a resolver that does not know the new one.

ec2_name='ip-[0-9]{1,3}-[0-9]{1,3}-[0-9]{1,3}-[0-9]{1,3}'

hostname_seal() {
	if named_by_ec2; then drop "$GA_ROOT/etc/hostname"; fi
	hosts=$GA_ROOT/etc/hosts
	# Never through a link: a mounted guest's may lead to the host's file.
	if [ -f "$hosts" ] && [ ! -L "$hosts" ] && may_touch "$hosts" && grep -Eq "$ec2_name" "$hosts"; then
		before=$(size_of "$hosts")
		# Written in place: the file keeps its label, mode and inode.
		lines=$(grep -Ev "$ec2_name" "$hosts")
		if printf '%s\n' "$lines" 2>/dev/null >"$hosts"; then
			removed=$((removed + 1)) bytes=$((bytes + before - $(size_of "$hosts")))
		else
			fail "/etc/hosts cannot be written"
		fi
	fi
}

named_by_ec2() { [ -f "$GA_ROOT/etc/hostname" ] && grep -Eq "^$ec2_name" "$GA_ROOT/etc/hostname"; }

hostname_check() {
	if named_by_ec2; then left "$GA_ROOT/etc/hostname"; fi
	if [ ! -L "$GA_ROOT/etc/hosts" ] && grep -Eq "$ec2_name" "$GA_ROOT/etc/hosts" 2>/dev/null; then left "$GA_ROOT/etc/hosts"; fi
}
