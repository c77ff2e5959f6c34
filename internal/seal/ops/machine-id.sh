# operation: machine-id
# reason: two machines with one id get one DHCP address, one IPv6 address and one journal
# paths: /etc/machine-id, /var/lib/dbus/machine-id
#
# Empty, not removed and not "uninitialized": an empty file means a new id at
# boot and nothing else. "uninitialized" makes it a first boot to systemd, which
# applies presets again and so switches units back on that the build disabled; a
# missing file does not boot where /etc is read-only early. The copy of D-Bus
# must go too, or systemd takes the old id from there.

machine_id_seal() {
	id=$GA_ROOT/etc/machine-id
	[ ! -L "$id" ] || drop "$id"
	if here "$id" || has_systemd; then machine_id_empty "$id"; fi
	bus=$GA_ROOT/var/lib/dbus/machine-id
	if [ -L "$bus" ] || ! here "$bus"; then return 0; fi
	drop "$bus"
	if here "$id" && ! here "$bus"; then
		ln -s /etc/machine-id "$bus" || fail "/var/lib/dbus/machine-id cannot be linked to /etc/machine-id"
	fi
}

machine_id_empty() {
	# A link that could not be removed is reported already; not through it.
	if kept "$1" || [ -L "$1" ] || { [ -e "$1" ] && [ ! -s "$1" ]; }; then return 0; fi
	inside "${1%/*}" || return 0
	size=$(size_of "$1")
	if (true >"$1") 2>/dev/null && chmod 0444 "$1"; then
		removed=$((removed + 1)) bytes=$((bytes + size))
	else
		fail "/etc/machine-id cannot be emptied"
	fi
}

machine_id_check() {
	for id in "$GA_ROOT/etc/machine-id" "$GA_ROOT/var/lib/dbus/machine-id"; do
		# A link of D-Bus leads to the first one.
		if [ ! -L "$id" ] && [ -s "$id" ]; then left "$id"; fi
	done
	if has_systemd && ! here "$GA_ROOT/etc/machine-id"; then
		evidence "$GA_ROOT/etc/machine-id"
	fi
}
