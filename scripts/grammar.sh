#!/usr/bin/env bash
# Installs the grammar of PowerShell, with which tests parse what runs on Windows.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
exec "$root/scripts/python-packages.sh" "$root/internal/powershell/grammar/requirements.txt" "$root/.bin/grammar"
