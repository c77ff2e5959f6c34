# operation: ssm-agent
# reason: clones would fight over one registration with Systems Manager, or inherit its key
# paths: below /var/lib/amazon/ssm and the snap's copy: Vault, registration, credentials, i-*, mi-*
#
# When the session itself comes through Session Manager, its channels are files
# in the i-* directory; without them the session ends, so that directory stays.

ssm_agent_dirs() {
	for dir in "$GA_ROOT"/var/lib/amazon/ssm "$GA_ROOT"/var/snap/amazon-ssm-agent/*/var/lib/amazon/ssm; do
		[ ! -d "$dir" ] || "$1" "$dir"
	done
}

# The kernel cuts a process name after 15 bytes.
session_manager_carries_us() {
	$GA_LIVE && grep -qx ssm-session-wor /proc/[0-9]*/comm 2>/dev/null
}

ssm_agent_one() {
	for secret in "$1"/Vault/Store/* "$1"/registration "$1"/credentials; do
		[ -d "$secret" ] || destroy "$secret"
	done
	clear_tree "$1/Vault"
	clear_tree "$1/credentials"
	if session_manager_carries_us; then
		emit note "the session comes through Session Manager: ${1#"$GA_ROOT"}/i-* stays"
		return 0
	fi
	for instance in "$1"/i-* "$1"/mi-*; do
		clear_tree "$instance"
		[ ! -d "$instance" ] || rmdir -- "$instance" 2>/dev/null
	done
}

ssm_agent_seal() { ssm_agent_dirs ssm_agent_one; }

ssm_agent_check() { ssm_agent_dirs ssm_agent_one_check; }

ssm_agent_one_check() {
	left_below "$1/Vault" -type f
	left_below "$1/credentials" -type f
	[ -d "$1/credentials" ] || left "$1/credentials"
	left "$1/registration"
	session_manager_carries_us || left_below "$1" '(' -path '*/ssm/i-*' -o -path '*/ssm/mi-*' ')'
}
