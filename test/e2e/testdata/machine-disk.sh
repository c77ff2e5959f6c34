#!/usr/bin/env bash
# Makes the disk of a machine from a root that scripts/guest-root.sh made: with a
# user whom the keys on standard input let in, who becomes root without a
# password, and with host keys and SELinux's labels where the root wants them.
# Arguments: ROOT DISK USER
set -euo pipefail

root=$1 disk=$2 user=$3
new=$disk.root
trap 'rm -rf --one-file-system "$new"' EXIT
cp -a "$root" "$new"

# Runs a command in the new root. What it mounts is gone when it ends.
inside() {
  # shellcheck disable=SC2016 # the inner sh expands these
  unshare --mount sh -c 'mount -t proc proc "$1/proc" && root=$1 && shift && exec chroot "$root" "$@"' sh "$new" "$@"
}

inside useradd --create-home --shell /bin/sh "$user"
mkdir -m 700 "$new/home/$user/.ssh"
cat >"$new/home/$user/.ssh/authorized_keys"
chmod 600 "$new/home/$user/.ssh/authorized_keys"
inside chown -R "$user:" "/home/$user/.ssh"
inside ssh-keygen -A >/dev/null
echo build-machine >"$new/etc/hostname"
echo 127.0.0.1 localhost build-machine >"$new/etc/hosts"
if [ -d "$new/etc/sudoers.d" ]; then
  echo "$user ALL=(ALL) NOPASSWD:ALL" >"$new/etc/sudoers.d/$user"
else
  echo "permit nopass $user" >"$new/etc/doas.conf"
  chmod 400 "$new/etc/doas.conf"
fi
if [ -d "$new/etc/selinux/default" ]; then
  inside setfiles -F /etc/selinux/default/contexts/files/file_contexts / >/dev/null
fi

mke2fs -q -t ext4 -d "$new" "$disk" 1200M
