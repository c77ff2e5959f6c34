# operation: passwords
# reason: a password is the same on every instance, and its hash in an image can be guessed at leisure
# paths: /etc/shadow, /etc/gshadow, and /etc/passwd where it holds one: hashes are taken out, empty passwords locked, root locked
#
# Not "passwd -l", which leaves the hash behind its "!" and makes sshd without
# PAM (Alpine) refuse keys too. "*" matches no password and lets keys in.

passwords_seal() {
	passwords_one shadow
	passwords_one gshadow
	passwords_one passwd
}

passwords_one() {
	lock_lines "$1"
	[ -z "$weak" ] || kept "$GA_ROOT/etc/$1" || rewrite "$GA_ROOT/etc/$1" "$locked"
}

# lock_lines NAME: sets "locked" to the lines of the file as they should be, and
# "weak" to the accounts that differ.
lock_lines() {
	locked='' weak=''
	[ -f "$GA_ROOT/etc/$1" ] && [ ! -L "$GA_ROOT/etc/$1" ] || return 0
	while IFS= read -r line <&4 || [ -n "$line" ]; do
		account=${line%%:*} after=${line#*:}
		if [ "$account" != "$line" ] && lock "$1" "$account" "${after%%:*}"; then
			line=$account:$field:${after#*:} weak="$weak $account"
		fi
		locked=$locked${locked:+$newline}$line
	done 4<"$GA_ROOT/etc/$1"
}

# lock FILE ACCOUNT FIELD: sets "field" to what should stand there instead;
# fails where it may stay. Lines of NIS begin with a sign.
lock() {
	case $2 in [+-]*) return 1 ;; esac
	! kept_user "$2" || return 1
	field='*'
	case $1:$3 in
	gshadow: | passwd:x | *:\** | *:! | *:!! | *:!\*) return 1 ;;
	*:!*) field='!*' ;; # locked already, with its hash
	*) [ "$2" != root ] || field='!*' ;;
	esac
}

passwords_check() {
	for name in shadow gshadow passwd; do
		lock_lines "$name"
		for account in $weak; do
			kept "$GA_ROOT/etc/$name" || evidence "$GA_ROOT/etc/$name ($account)"
		done
	done
}
