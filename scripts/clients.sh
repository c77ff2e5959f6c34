#!/usr/bin/env bash
# Installs the AWS CLI and boto3 of the tests into .bin/clients, once: the
# versions that test/e2e/testdata/requirements.txt names, and nothing else.
# Prints the folder of their programs.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
wanted=$root/test/e2e/testdata/requirements.txt
dir=$root/.bin/clients

# The list is copied into the environment when all of it is installed.
if ! cmp -s "$wanted" "$dir/requirements.txt"; then
  if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
    echo "clients: the AWS CLI needs Python 3.10 or newer, and this is $(python3 --version)" >&2
    exit 1
  fi
  echo "installing the AWS CLI and boto3 into .bin/clients" >&2
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
