# operation: hostname
# reason: the build host's name, and its address within, would be every instance's where nothing sets a new one
# paths: /etc/hostname and lines of /etc/hosts, when they look like EC2's ip-10-0-0-1
#
# A name that somebody chose stays. The running name is not changed: sudo would
# wait for a resolver that does not know the new one.

ec2_name='ip-[0-9]{1,3}-[0-9]{1,3}-[0-9]{1,3}-[0-9]{1,3}'

hostname_seal() {
	where_it_says "^$ec2_name" drop "$GA_ROOT/etc/hostname"
	drop_lines "$ec2_name" "$GA_ROOT/etc/hosts"
}

hostname_check() {
	where_it_says "^$ec2_name" left "$GA_ROOT/etc/hostname"
	left_lines "$ec2_name" "$GA_ROOT/etc/hosts"
}
