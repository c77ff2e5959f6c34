# operation: authorized-keys
# reason: whoever holds the build's key could enter every instance
# paths: authorized_keys and authorized_keys2 in ~/.ssh of every home and of /etc/skel, what lets in without keys (.rhosts, .shosts, .k5login), and what AuthorizedKeysFile of sshd names
#
# cloud-init copies the launch key to root too, and users made later get it
# again: so every home, not the session's. The open session does not need it.

authorized_keys_home() {
	case $kept_homes in *"$newline$1$newline"*) return 0 ;; esac
	# With the glob, copies beside them go too.
	"$keys_do" "$1"/.ssh/authorized_keys* "$1"/.rhosts "$1"/.shosts "$1"/.k5login
	for pattern in $key_patterns; do
		case $pattern in
		none | /*) ;;
		*%[uU]*) authorized_keys_of "$1" "${pattern#%h/}" ;;
		%h/*) "$keys_do" "$1/${pattern#%h/}" ;;
		*%*) ;;
		*) "$keys_do" "$1/$pattern" ;;
		esac
	done
}

# authorized_keys_of HOME PATTERN: the pattern has the name or the number of who
# lives there.
authorized_keys_of() {
	while IFS=: read -r owner _ number _ _ lives _ <&5 || [ -n "$owner" ]; do
		[ "$GA_ROOT${lives%/}" = "$1" ] || continue
		case $2 in *%u*) whose=$owner ;; *) whose=$number ;; esac
		"$keys_do" "$1/${2%%%[uU]*}$whose${2##*%[uU]}"
	done 5<"$GA_ROOT/etc/passwd"
}

# Absolute names have %u for the user or %U for his number; anybody's file is
# meant. A file for all users is nobody's in keep_users.
authorized_keys_elsewhere() {
	for pattern in $key_patterns; do
		case $pattern in
		/dev/*) ;;
		/*%[uU]*)
			for file in "$GA_ROOT${pattern%%%[uU]*}"*"${pattern##*%[uU]}"; do
				whose=${file#"$GA_ROOT${pattern%%%[uU]*}"}
				case $kept_names in *"$newline${whose%"${pattern##*%[uU]}"}$newline"*) continue ;; esac
				"$keys_do" "$file"
			done
			;;
		/*) "$keys_do" "$GA_ROOT$pattern" ;;
		esac
	done
}

# authorized_keys_kept: the homes, names and numbers of keep_users.
authorized_keys_kept() {
	kept_homes=$newline kept_names=$newline
	while IFS=: read -r user _ number _ _ home _ <&4 || [ -n "$user" ]; do
		if kept_user "$user"; then
			kept_homes=$kept_homes$GA_ROOT${home%/}$newline kept_names=$kept_names$user$newline$number$newline
		fi
	done 4<"$GA_ROOT/etc/passwd"
}

authorized_keys_everywhere() {
	keys_do=$1
	key_patterns=$(sshd_setting AuthorizedKeysFile)
	authorized_keys_kept
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
	case $kept_homes in *"$newline$1$newline"*) return 0 ;; esac
	for file in "$1"/.ssh/* "$1"/.ssh/.[!.]*; do
		case ${file##*/} in
		*.pub | known_hosts* | config) continue ;;
		esac
		if [ -f "$file" ] && grep -Eq '(^| )(ssh-(rsa|dss|ed25519)|ecdsa-sha2-nistp[0-9]+|sk-[a-z0-9-]+@openssh[.]com) AAAA' "$file" 2>/dev/null; then
			left "$file"
		fi
	done
}
