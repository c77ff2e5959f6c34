#!/usr/bin/env bash
# Makes the root that guests boot from, once, and prints where it is: Debian
# with systemd, cloud-init and sshd, as near to Debian's image for EC2 as a
# guest without a kernel of its own can use. It is kept in the user's cache,
# under a name that changes with this file, and is never written to again.
#
# With the name of a suite it makes that one: bookworm or trixie of Debian, or
# noble of Ubuntu, as near to Canonical's image. "openrc" and "selinux" are
# machines of bookworm with a kernel of their own: one with OpenRC, doas and
# BusyBox's tools, one in which SELinux enforces. Ends with 3 where the archive
# of the suite does not answer.
set -euo pipefail

# Without a name the suite is the host's, where that is one of these.
suite=${1:-}
if [ -z "$suite" ] && [ -r /etc/os-release ]; then
  # shellcheck disable=SC1091 # a file of the host
  . /etc/os-release
  case "${ID:-}:${VERSION_CODENAME:-}" in
    debian:trixie) suite=$VERSION_CODENAME ;;
  esac
fi
name=${suite:-bookworm}
arch=$(dpkg --print-architecture)
base=(iproute2 iputils-ping ca-certificates curl less locales procps openssh-server)
cloud=(systemd-sysv systemd-resolved dbus libpam-systemd libnss-myhostname cloud-init sudo)
kernel=("linux-image-cloud-$arch" initramfs-tools zstd udev ifupdown)
how=(--variant=minbase)
script=()
vendor=debian
case "$name" in
  # With what this suite's cloud-init asks for an address.
  bookworm) suite=bookworm packages=("${base[@]}" "${cloud[@]}" isc-dhcp-client) ;;
  trixie) suite=trixie packages=("${base[@]}" "${cloud[@]}" dhcpcd-base) ;;
  noble)
    suite=noble packages=("${base[@]}" "${cloud[@]}" dhcpcd-base rsyslog)
    how+=("--components=main,universe")
    script=(/usr/share/debootstrap/scripts/gutsy) # as of all newer ones, which Debian's debootstrap does not know
    vendor=ubuntu
    ;;
  openrc) suite=bookworm packages=("${kernel[@]}" openssh-server iproute2 sysvinit-core openrc acpid doas udhcpc busybox busybox-syslogd) ;;
  selinux) suite=bookworm packages=("${kernel[@]}" "${base[@]}" systemd-sysv dbus libpam-systemd sudo isc-dhcp-client selinux-policy-default policycoreutils) ;;
  *) echo "usage: ${0##*/} [bookworm|trixie|noble|openrc|selinux]" >&2; exit 2 ;;
esac

cache=${XDG_CACHE_HOME:-$HOME/.cache}/goldenami/guest-root
root=$cache/$name-$arch-$(sha256sum "${BASH_SOURCE[0]}" | cut -c1-12)
if [ -d "$root" ]; then
  echo "$root"
  exit
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "guest-root: this needs root: it makes files of other users" >&2
  exit 1
fi
mkdir -p "$cache"
exec 9>"$cache/.lock-$name"
flock 9 # another one may be at it
if [ -d "$root" ]; then
  echo "$root"
  exit
fi

# The mirror is the one that the host's apt has for the suite.
# shellcheck disable=SC2016 # apt-get expands these
mirror=$(apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
  awk -v suite="$suite" '$2 == suite && $3 == "main" { print $1; exit }')
mirror=${mirror%/}
case "$vendor" in
  debian) mirror=${mirror:-http://deb.debian.org/debian} ;;
  ubuntu) mirror=${mirror:-http://archive.ubuntu.com/ubuntu} ;;
esac

new=$cache/.new.$$
log=$cache/.log.$$
got=$cache/.got.$$
trap 'rm -rf --one-file-system "$new" "$log" "$got"' EXIT
mkdir "$got"

# What apt itself downloads with, by the ways of the host's configuration.
download() { /usr/lib/apt/apt-helper download-file "$1" "$got/${1##*/}" "${2:-}" >>"$log" 2>&1; }

if ! download "$mirror/dists/$suite/Release"; then
  tail -n 2 "$log" >&2
  echo "guest-root: $mirror does not answer for $suite" >&2
  exit 3
fi

# Runs a command in the new root. What it mounts is gone when it ends.
inside() {
  # shellcheck disable=SC2016 # the inner sh expands these
  unshare --mount sh -c 'mount -t proc proc "$1/proc" && mount -t tmpfs tmpfs "$1/run" && root=$1 && shift && exec chroot "$root" "$@"' sh "$new" \
    env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"
}

# The network is cloud-init's to describe and networkd's to bring up.
with_cloud_init() {
  inside systemctl enable systemd-networkd systemd-resolved
  ln -sf ../run/systemd/resolve/stub-resolv.conf "$new/etc/resolv.conf"
  if [ "$name" = noble ]; then # netplan looks for a card's burnt-in address, which a guest's has not
    printf 'system_info:\n  network:\n    renderers: [networkd]\n' >"$new/etc/cloud/cloud.cfg.d/95_renderer.cfg"
  fi
}

# A machine with a disk, a card and a kernel.
with_kernel() {
  printf '/dev/vda / ext4 rw 0 1\n' >"$new/etc/fstab"
  printf 'auto lo\niface lo inet loopback\nauto eth0\niface eth0 inet dhcp\n' >"$new/etc/network/interfaces"
}

# With BusyBox's sh, and its tools before all others in root's path: as near to
# Alpine as Debian's packages come.
with_openrc() {
  with_kernel
  local tool
  for tool in $(inside busybox --list); do
    case "$tool" in
      *init | halt | poweroff | reboot | *sh | busybox | *mount | losetup | *getty | *login | su | udhcpc | start-stop-daemon | switch_root) ;;
      insmod | rmmod | lsmod | modinfo | modprobe | depmod | *syslogd | klogd | acpid | ip* | if* | mdev | sysctl | swap* | mkfs* | fsck* | blkid | blkdiscard | fstrim) ;;
      *) ln -s /bin/busybox "$new/usr/local/bin/$tool" ;;
    esac
  done
  ln -sf busybox "$new/bin/sh"
  # A press is two events; poweroff would take the second for one within the shutdown.
  printf 'event=button/power.*\naction=/sbin/shutdown -h -P now\n' >"$new/etc/acpi/events/power"
}

build() {
  mkdir -p "$new/etc/dpkg/dpkg.cfg.d"
  echo force-unsafe-io >"$new/etc/dpkg/dpkg.cfg.d/00build" # a build that is cut off is made again
  if [ "$vendor" = ubuntu ]; then # whose keys Debian has not
    local keys=ubuntu-keyring_2023.11.28.1_all.deb
    download "$mirror/pool/main/u/ubuntu-keyring/$keys" SHA256:36de43b15853ccae0028e9a767613770c704833f82586f28eb262f0311adb8a8
    dpkg-deb --extract "$got/$keys" "$got"
    how+=(--keyring="$got/usr/share/keyrings/ubuntu-archive-keyring.gpg")
  fi
  debootstrap "${how[@]}" "$suite" "$new" "$mirror" "${script[@]}"
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
  case "$name" in
    openrc) with_openrc ;;
    selinux) with_kernel ;;
    *) with_cloud_init ;;
  esac
  # What is each machine's own is made at its first boot.
  rm -f "$new"/etc/ssh/ssh_host_* "$new/etc/hostname" "$new/var/lib/dbus/machine-id"
  : >"$new/etc/machine-id"
  rm -rf "$new/etc/apt/apt.conf.d/00build" "$new/etc/dpkg/dpkg.cfg.d/00build" "$new/usr/sbin/policy-rc.d" "$new/debootstrap" \
    "$new"/var/lib/apt/lists/* "$new"/var/log/*.log "$new"/var/log/apt/* "$new"/tmp/*
}

start=$SECONDS
echo "guest-root: making $name for guests that boot" >&2
build >>"$log" 2>&1 </dev/null & # as a condition it would go on after an error
if ! wait "$!"; then
  tail -n 40 "$log" >&2
  echo "guest-root: could not make it" >&2
  exit 1
fi
mv "$new" "$root"
echo "guest-root: done in $((SECONDS - start)) s" >&2
echo "$root"
