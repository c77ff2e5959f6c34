#!/usr/bin/env bash
# Usage: python-packages.sh LIST DIR
# Installs the Python packages that the list names, and nothing else, into an
# environment of their own, once. Prints the folder of its programs.
set -euo pipefail

wanted=$1
dir=$2

# The list is copied into the environment when all of it is installed.
if ! cmp -s "$wanted" "$dir/requirements.txt"; then
  if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
    echo "python-packages: $wanted needs Python 3.10 or newer, and this is $(python3 --version)" >&2
    exit 1
  fi
  echo "installing the Python packages of $wanted" >&2
  rm -rf "$dir"
  python3 -m venv "$dir"
  # A dependency that is not in the list is told, not installed.
  "$dir/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: --requirement "$wanted"
  if ! complete=$("$dir/bin/pip" check --disable-pip-version-check); then
    printf '%s\n' "$complete" >&2
    exit 1
  fi
  cp "$wanted" "$dir/requirements.txt"
fi
printf '%s\n' "$dir/bin"
