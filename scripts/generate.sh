#!/usr/bin/env bash
# Runs the generators over a tree without what they wrote before, so that
# nothing stays of an option or a type that is gone.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# packer-sdc struct-markdown looks upwards for a folder named packer-plugin-* and
# never ends if there is none. The checkout may have any name; the link has that.
ln -s "$root" "$tmp/packer-plugin-goldenami"
cd "$tmp/packer-plugin-goldenami"

# The generators read the types of every dependency. Downloading and compiling them
# takes as long as it takes; the time limit is for a generator that never ends.
go build ./...

mv docs-partials "$tmp/before"
export PATH="$root/.bin:$PATH" LC_ALL=C
if ! timeout 300 go generate ./...; then
  rm -rf docs-partials
  mv "$tmp/before" docs-partials
  echo "generate: failed, or took more than five minutes" >&2
  exit 1
fi
