#!/usr/bin/env bash
# Installs the AWS CLI and boto3 of the tests, and prints the folder of their programs.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
exec "$root/scripts/python-packages.sh" "$root/test/e2e/testdata/requirements.txt" "$root/.bin/clients"
