#!/usr/bin/env bash
# Lists the shell programs of the repository, NUL after each: files whose first
# line names a shell. Fragments that are put together at run time have no such
# line; the tests of their package read the whole.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
  case ${file##*/} in
    *.sh | run) ;;
    *) continue ;;
  esac
  first=
  if [ -f "$file" ]; then IFS= read -r first <"$file" || true; fi
  case $first in '#!'*sh) printf '%s\0' "$file" ;; esac
done
