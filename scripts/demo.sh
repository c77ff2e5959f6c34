#!/usr/bin/env bash
# The demo: "make demo" builds the plugin and the local endpoint and runs this.
# It builds example/linux-tiers on the endpoint and prints what came of it. What
# it makes is kept under .demo/, so that a second run has nothing to build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

template=example/linux-tiers
state=${GOLDENAMI_DEMO_DIR:-.demo}
family=web
home=us-east-1
copies=(eu-west-1 ap-northeast-1)
other=111122223333

# Within the endpoint: everything that talks to it. "outside" runs this part.
inside() {
  .bin/demotable keys -alias alias/golden -share "$other" "${copies[@]}"
  "$DEMO_PACKER" build -color=false \
    -var region="$home" \
    -var 'builder_cidrs=["127.0.0.0/8"]' \
    -var upgrade=no \
    -var images_json="$state/images.json" \
    -var first_boot_file="$state/first-boot.mime" \
    -var lineage_file="$state/lineage.json" \
    -var communicator="$DEMO_COMMUNICATOR" \
    "$DEMO_TEMPLATE"
  echo
  .bin/demotable table -template "$DEMO_TEMPLATE" -family "$family" "$home" "${copies[@]}"
  echo
  echo 'What each tier costs:'
  .bin/demotable figures -family "$family" "$home"
}

# Where no guest answers, nothing can be run in one: the template loses its stages
# and its seal, and keeps all else.
without_guests() {
  rm -rf "$DEMO_TEMPLATE"
  cp -R "$template" "$DEMO_TEMPLATE"
  sed -i -e '/^  stage {$/,/^  }$/d' -e '/^  verify {$/,/^  }$/d' -e '/^  first_boot {$/,/^  }$/d' -e '/^  provisioner "goldenami-seal" {}$/d' "$DEMO_TEMPLATE"/linux-tiers.pkr.hcl
}

outside() {
  go build -trimpath -o .bin/demotable ./scripts/demotable
  DEMO_PACKER=$(scripts/packer.sh)
  mkdir -p "$state"
  chmod 0700 "$state"
  state=$(cd "$state" && pwd)
  exec {lock}>"$state/lock"
  if ! flock -n "$lock"; then
    echo "demo: another run is under way in $state" >&2
    exit 1
  fi
  rm -f "$state/calls.jsonl"

  local instances=linux reason
  DEMO_COMMUNICATOR=ssh DEMO_TEMPLATE=$template
  if ! reason=$(.bin/sandbox --instances linux -- true 2>&1); then
    instances=none DEMO_COMMUNICATOR=none DEMO_TEMPLATE=$state/template
    echo "demo: real instances cannot run here, so the images are made without stages and without the seal: $reason" >&2
    without_guests
  fi

  # Nothing of this machine's own Packer is used or changed.
  export DEMO_PACKER DEMO_COMMUNICATOR DEMO_TEMPLATE CHECKPOINT_DISABLE=1
  export PACKER_PLUGIN_PATH="$state/plugins" PACKER_CONFIG_DIR="$state/config" PACKER_CACHE_DIR="$state/cache"
  export GOLDENAMI_LEDGER_DIR="$state/ledger" GOLDENAMI_DEMO_DIR="$state"
  rm -rf "$state/plugins"
  mkdir -p "$state/plugins" "$state/config"
  "$DEMO_PACKER" plugins install --path .bin/packer-plugin-goldenami github.com/goldenami/goldenami >/dev/null

  local start=${EPOCHREALTIME/./} status=0
  .bin/sandbox --state "$state/state" --delays demo --instances "$instances" --log "$state/calls.jsonl" -- \
    "$PWD/scripts/demo.sh" inside {lock}>&- || status=$?
  local took=$((${EPOCHREALTIME/./} - start))
  if [ "$status" -ne 0 ]; then
    echo "demo: failed with exit code $status; the calls are in $state/calls.jsonl" >&2
    exit "$status"
  fi
  echo
  .bin/demotable calls -log "$state/calls.jsonl"
  printf 'Done in %d.%d s. The images are kept in %s/; make clean-demo drops them.\n' \
    "$((took / 1000000))" "$((took / 100000 % 10))" "$state"
}

case "${1:-outside}" in
  inside) inside ;;
  *) outside ;;
esac
