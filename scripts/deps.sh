#!/usr/bin/env bash
# Installs the Debian packages that are missing for the demo, for guests that
# boot, for virt-sysprep, or for all that make does, and nothing else. Does nothing, quickly, when all are there.
set -euo pipefail

# package:command: a package is missing when its command is. With :module a
# package is missing when Python cannot import that. In place of the command may
# be the pattern of a file.
demo=(
  sudo:sudo                 # guests run stages and the seal as root through it
  openssh-client:ssh-keygen # guests make their host keys with it
)
boot=(
  systemd-container:systemd-nspawn # guests that boot run in it
  debootstrap:debootstrap          # makes their root
  iproute2:ip                      # makes their network
)
sysprep=( # which no test needs
  guestfs-tools:virt-sysprep
  "linux-image-cloud-$(dpkg --print-architecture 2>/dev/null || echo amd64):/boot/vmlinuz-*" # runs the machine that virt-sysprep works in
)
machine=( # runs machines with a kernel of their own; amd64 alone
  qemu-system-x86:qemu-system-x86_64
  e2fsprogs:debugfs
)
[ "$(dpkg --print-architecture 2>/dev/null || echo amd64)" = amd64 ] || machine=()
all=(
  "${demo[@]}"
  "${boot[@]}"
  "${machine[@]}"
  busybox:busybox       # a second sh, on which the seal and the stages are tested
  python3:python3       # runs the AWS CLI and boto3, clients that are not Go
  python3-venv:python3:ensurepip # a place of their own for those, in .bin
  shellcheck:shellcheck # reads the scripts that run on users' machines
)

case "${1:-all}" in
  demo) wanted=("${demo[@]}") ;;
  boot) wanted=("${boot[@]}") ;;
  sysprep) wanted=("${sysprep[@]}") ;;
  all) wanted=("${all[@]}") ;;
  *) echo "usage: ${0##*/} [demo|boot|sysprep|all]" >&2; exit 2 ;;
esac

missing=()
for entry in "${wanted[@]}"; do
  IFS=: read -r package command module <<<"$entry"
  if [[ $command == /* ]]; then
    compgen -G "$command" >/dev/null || missing+=("$package")
  elif ! command -v "$command" >/dev/null 2>&1 || { [ -n "$module" ] && ! "$command" -c "import $module" >/dev/null 2>&1; }; then
    missing+=("$package")
  fi
done
[ "${#missing[@]}" -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "deps: these are missing, and there is no apt-get to install them: ${missing[*]}" >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "deps: run this as root: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "deps: installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! {
  "${as_root[@]}" apt-get update &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
} >"$log" 2>&1 </dev/null; then
  cat "$log" >&2
  echo "deps: apt-get could not install: ${missing[*]}" >&2
  exit 1
fi
