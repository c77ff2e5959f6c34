#!/usr/bin/env bash
# Builds the main package of a Go module, with the module's own dependencies and
# replacements, into a file. Does nothing when the file was built from that
# version. "go install" cannot: it refuses modules that have replacements.
#
# usage: module-binary.sh MODULE VERSION FILE
set -euo pipefail

module=$1 version=$2 file=$3

# The build writes its inputs into the binary; a binary built in the module's
# folder knows its module, but not its version, so that is kept beside it.
stamp=$file.version
if [ -x "$file" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$module@$version" ]; then
  exit 0
fi

echo "building ${file##*/} from $module@$version" >&2
mkdir -p "$(dirname "$file")"
dir=$(cd "$(mktemp -d)" && go mod download -json "$module@$version" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",\{0,1\}$/\1/p')
if [ -z "$dir" ]; then
  echo "module-binary: go mod download gave no folder for $module@$version" >&2
  exit 1
fi
# The module cache is read-only, which go build does not mind.
(cd "$dir" && go build -mod=readonly -trimpath -ldflags '-s -w' -o "$file" .)
printf '%s\n' "$module@$version" >"$stamp"
