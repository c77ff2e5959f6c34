# operation: authorized-keys
# reason: whoever holds the build's key could enter every instance
# paths: authorized_keys and authorized_keys2 in ~/.ssh of every home, and what AuthorizedKeysFile of sshd names
#
# cloud-init copies the launch key to root too, and users made later get it
# again: so every home, not the session's. The open session does not need it.

authorized_keys_home() {
	# With the glob, copies beside them go too.
	"$keys_do" "$1"/.ssh/authorized_keys*
	for pattern in $key_patterns; do
		case $pattern in
		%h/*) "$keys_do" "$1/${pattern#%h/}" ;;
		none | /* | *%*) ;;
		*) "$keys_do" "$1/$pattern" ;;
		esac
	done
}

# Absolute names have %u for the user; anybody's file is meant.
authorized_keys_elsewhere() {
	for pattern in $key_patterns; do
		case $pattern in
		/dev/*) ;;
		/*%[uU]*) "$keys_do" "$GA_ROOT${pattern%%%[uU]*}"*"${pattern##*%[uU]}" ;;
		/*) "$keys_do" "$GA_ROOT$pattern" ;;
		esac
	done
}

authorized_keys_everywhere() {
	keys_do=$1
	key_patterns=$(sshd_setting AuthorizedKeysFile)
	each_home authorized_keys_home
	authorized_keys_elsewhere
}

authorized_keys_seal() { authorized_keys_everywhere drop; }

# The check goes by content too: a public key in any file of ~/.ssh that is not
# named like the public half of a pair.
authorized_keys_check() {
	authorized_keys_everywhere left
	each_home authorized_keys_like
}

authorized_keys_like() {
	for file in "$1"/.ssh/*; do
		case ${file##*/} in
		*.pub | known_hosts* | config) continue ;;
		esac
		if [ -f "$file" ] && grep -Eq '(^| )(ssh-(rsa|ed25519)|ecdsa-sha2-nistp[0-9]+) AAAA' "$file" 2>/dev/null; then
			left "$file"
		fi
	done
}
