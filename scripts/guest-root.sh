#!/usr/bin/env bash
# Makes the root that guests boot from, once, and prints where it is: Debian
# with systemd, cloud-init and sshd, as near to Debian's image for EC2 as a
# guest without a kernel of its own can use. It is kept in the user's cache,
# under a name that changes with this file, and is never written to again.
set -euo pipefail

# The suite is the host's, where that is Debian's stable or older.
suite=bookworm
if [ -r /etc/os-release ]; then
  # shellcheck disable=SC1091 # a file of the host
  . /etc/os-release
  case "${ID:-}:${VERSION_CODENAME:-}" in
    debian:bookworm | debian:trixie) suite=$VERSION_CODENAME ;;
  esac
fi
packages=(
  systemd-sysv systemd-resolved dbus libpam-systemd libnss-myhostname
  cloud-init openssh-server sudo
  iproute2 iputils-ping ca-certificates curl less locales procps
)
case "$suite" in # what this suite's cloud-init asks for an address with
  bookworm) packages+=(isc-dhcp-client) ;;
  *) packages+=(dhcpcd-base) ;;
esac

cache=${XDG_CACHE_HOME:-$HOME/.cache}/goldenami/guest-root
arch=$(dpkg --print-architecture)
root=$cache/$suite-$arch-$(sha256sum "${BASH_SOURCE[0]}" | cut -c1-12)
if [ -d "$root" ]; then
  echo "$root"
  exit
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "guest-root: this needs root: it makes files of other users" >&2
  exit 1
fi
mkdir -p "$cache"
exec 9>"$cache/.lock"
flock 9 # another one may be at it
if [ -d "$root" ]; then
  echo "$root"
  exit
fi

# The mirror is the one that the host's apt has for the suite.
# shellcheck disable=SC2016 # apt-get expands these
mirror=$(apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
  awk -v suite="$suite" '$2 == suite && $3 == "main" { print $1; exit }')
mirror=${mirror:-http://deb.debian.org/debian}

new=$cache/.new.$$
log=$cache/.log.$$
trap 'rm -rf --one-file-system "$new" "$log"' EXIT

# Runs a command in the new root. What it mounts is gone when it ends.
inside() {
  # shellcheck disable=SC2016 # the inner sh expands these
  unshare --mount sh -c 'mount -t proc proc "$1/proc" && mount -t tmpfs tmpfs "$1/run" && root=$1 && shift && exec chroot "$root" "$@"' sh "$new" \
    env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"
}

build() {
  mkdir -p "$new/etc/dpkg/dpkg.cfg.d"
  echo force-unsafe-io >"$new/etc/dpkg/dpkg.cfg.d/00build" # a build that is cut off is made again
  debootstrap --variant=minbase "$suite" "$new" "$mirror"
  # The host's way to the mirror, and nothing that starts or waits, for the time of the build.
  apt-config dump | grep -E '^Acquire::(Check-|Retries|https?::)' >"$new/etc/apt/apt.conf.d/00build" || true
  {
    echo 'Acquire::Languages "none";'
    echo 'APT::Install-Recommends "false";'
  } >>"$new/etc/apt/apt.conf.d/00build"
  printf '#!/bin/sh\nexit 101\n' >"$new/usr/sbin/policy-rc.d"
  chmod 755 "$new/usr/sbin/policy-rc.d"
  rm -f "$new/etc/resolv.conf"
  cat /etc/resolv.conf >"$new/etc/resolv.conf"
  inside apt-get update
  inside apt-get install --yes "${packages[@]}"
  inside apt-get clean
  # The network is cloud-init's to describe and networkd's to bring up.
  inside systemctl enable systemd-networkd systemd-resolved
  ln -sf ../run/systemd/resolve/stub-resolv.conf "$new/etc/resolv.conf"
  # What is each machine's own is made at its first boot.
  rm -f "$new"/etc/ssh/ssh_host_* "$new/etc/hostname" "$new/var/lib/dbus/machine-id"
  : >"$new/etc/machine-id"
  rm -rf "$new/etc/apt/apt.conf.d/00build" "$new/etc/dpkg/dpkg.cfg.d/00build" "$new/usr/sbin/policy-rc.d" "$new/debootstrap" \
    "$new"/var/lib/apt/lists/* "$new"/var/log/*.log "$new"/var/log/apt/* "$new"/tmp/*
}

start=$SECONDS
echo "guest-root: making Debian $suite for guests that boot" >&2
if ! build >"$log" 2>&1 </dev/null; then
  tail -n 40 "$log" >&2
  echo "guest-root: could not make it" >&2
  exit 1
fi
mv "$new" "$root"
echo "guest-root: done in $((SECONDS - start)) s" >&2
echo "$root"
