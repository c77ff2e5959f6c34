# operation: build-key
# reason: Packer's key opens whatever its public half was copied to, and modules and scripts copy it to places that no list has
# paths: lines with the build's public key, where the builder tells it, in text files of up to 1 MiB below /etc, /home, /root, /opt, /srv,
#   /usr/local and /var/lib, also those of keep_users
#
# After authorized-keys, which removes those files as a whole.

# build_key_each COMMAND: COMMAND with every file that holds the key.
build_key_each() {
	key_do=$1
	build_key_places build_key_below
}

build_key_places() {
	for dir in etc home root opt srv usr/local var/lib; do
		and_mounts "$1" "$GA_ROOT/$dir"
	done
}

build_key_below() {
	[ -d "$1" ] && inside "$1" || return 0
	set -f
	IFS=$newline
	# The names are cut at newlines: those that hold one are looked at alone.
	for file in $(find_below "$real" -type f -size -2048 ! -path "*$newline*" ! -path '*/lib/docker/*' ! -path '*/lib/containerd/*' \
		! -path '*/lib/dpkg/*' ! -path '*/lib/rpm/*' -exec grep -lF -e "$GA_BUILD_KEY" -- {} + 2>/dev/null); do
		"$key_do" "$file"
	done
	unset IFS
	set +f
}

build_key_seal() { build_key_each build_key_out; }

# What is no text would not survive being written again.
build_key_out() {
	if [ "$(tr -d '\000' <"$1" | wc -c)" -eq "$(size_of "$1")" ]; then
		drop_lines "$(printf '%s' "$GA_BUILD_KEY" | sed 's/[+]/[+]/g')" "$1"
	else
		fail "${1#"$GA_ROOT"} holds the build's public key and is no text"
	fi
}

build_key_check() {
	build_key_each left
	build_key_places build_key_odd
}

build_key_odd() { left_below "$1" -type f -size -2048 -path "*$newline*" -exec grep -qF -e "$GA_BUILD_KEY" -- {} \;; }
