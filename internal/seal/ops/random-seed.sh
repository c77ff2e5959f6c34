# operation: random-seed
# reason: instances that share a seed or a credential key are not random to each other
# paths: /var/lib/systemd/random-seed, /var/lib/{urandom/random-seed,misc/random-seed,random-seed,seedrng}, loader/random-seed of the ESP, /var/lib/systemd/credential.secret
#
# credential.secret stays where credentials are encrypted with it: without the
# key the services that load them would not start.

random_seed_files() {
	"$1" "$GA_ROOT"/var/lib/systemd/random-seed "$GA_ROOT"/var/lib/urandom/random-seed "$GA_ROOT"/var/lib/misc/random-seed "$GA_ROOT"/var/lib/random-seed \
		"$GA_ROOT"/boot/efi/loader/random-seed "$GA_ROOT"/efi/loader/random-seed "$GA_ROOT"/boot/loader/random-seed \
		"$GA_ROOT"/var/lib/seedrng/*
	if ! encrypts_credentials; then "$1" "$GA_ROOT"/var/lib/systemd/credential.secret; fi
}

encrypts_credentials() {
	for credential in "$GA_ROOT"/etc/credstore.encrypted/* "$GA_ROOT"/usr/lib/credstore.encrypted/* \
		"$GA_ROOT"/var/lib/credstore.encrypted/* "$GA_ROOT"/etc/*.cred "$GA_ROOT"/etc/*/*.cred; do
		[ ! -f "$credential" ] || return 0
	done
	return 1
}

random_seed_seal() {
	random_seed_files destroy
	if encrypts_credentials && here "$GA_ROOT/var/lib/systemd/credential.secret"; then
		emit note "/var/lib/systemd/credential.secret stays: credentials of this image are encrypted with it"
	fi
}

random_seed_check() {
	random_seed_files left
	left_below "$GA_ROOT/var/lib/systemd" -name '*random-seed*' -type f
}
