# operation: ssh-host-keys
# reason: with one host key for all, any instance can pass for any other
# paths: /etc/ssh/ssh_host_*, files and certificates that HostKey and HostCertificate of sshd name, /etc/dropbear/*_host_key
#
# Last of all: OpenSSH before 9.8 accepts no new connection from here on. The
# glob matters, new versions make new kinds (ssh_host_mldsa44_ed25519_key).

ssh_host_keys_seal() {
	ssh_host_keys_named destroy
	destroy "$GA_ROOT"/etc/ssh/ssh_host_* "$GA_ROOT"/etc/dropbear/*_host_key
}

# ssh_host_keys_named COMMAND: what the configuration names, whatever its name.
# Only what is a key by its content, since a wrong line must not cost a file.
ssh_host_keys_named() {
	IFS=$newline # a file's name may hold blanks
	for named in $(sshd_setting HostKey); do
		case $named in /*) ;; *) continue ;; esac
		! holds_key "$GA_ROOT$named" || "$1" "$GA_ROOT$named"
		"$1" "$GA_ROOT$named.pub" "$GA_ROOT$named-cert.pub"
	done
	for named in $(sshd_setting HostCertificate); do
		case $named in /*-cert.pub) "$1" "$GA_ROOT$named" ;; esac
	done
	unset IFS
}

ssh_host_keys_check() {
	ssh_host_keys_named left
	left "$GA_ROOT"/etc/ssh/ssh_host_* "$GA_ROOT"/etc/dropbear/*_host_key
	for file in "$GA_ROOT"/etc/ssh/*; do
		! holds_key "$file" || left "$file"
	done
}
