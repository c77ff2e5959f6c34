#!/usr/bin/env bash
# Prints the path of the Packer to use: the one in PATH if it is recent enough,
# else one that is built from its module, once.
set -euo pipefail

# 1.11 is the first that installs plugins with "plugins install --path" and
# runs a development version of a plugin without asking the network.
oldest=1.11.0
built=v1.16.0

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# version_of PROGRAM prints 1.16.0 for "Packer v1.16.0-dev (abc)", and nothing
# for a program that is not HashiCorp's: cracklib has a packer too.
version_of() {
  CHECKPOINT_DISABLE=1 "$1" version 2>/dev/null </dev/null |
    sed -n '1s/^Packer v\([0-9][0-9]*\.[0-9][0-9]*\.[0-9][0-9]*\).*/\1/p'
}

# recent VERSION: field by field as numbers, because 1.9 is older than 1.11.
recent() {
  local i have want
  IFS=. read -ra have <<<"$1"
  IFS=. read -ra want <<<"$oldest"
  for i in 0 1 2; do
    [ "${have[i]}" -eq "${want[i]}" ] || { [ "${have[i]}" -gt "${want[i]}" ]; return; }
  done
}

while IFS= read -r candidate; do
  version=$(version_of "$candidate" || true)
  if [ -n "$version" ] && recent "$version"; then
    printf '%s\n' "$candidate"
    exit 0
  fi
done < <(type -ap packer || true)

"$root/scripts/module-binary.sh" github.com/hashicorp/packer "$built" "$root/.bin/packer"
printf '%s\n' "$root/.bin/packer"
