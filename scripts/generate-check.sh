#!/usr/bin/env bash
# Fails if a generated file differs from the committed one, or is not committed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

changed=$(git status --porcelain --untracked-files=all -- docs-partials docs/sandbox.md '*.hcl2spec.go')
if [ -n "$changed" ]; then
  echo "generate-check: these files are not what the generators write:" >&2
  printf '%s\n' "$changed" >&2
  echo 'generate-check: run "make generate" and commit them' >&2
  exit 1
fi
