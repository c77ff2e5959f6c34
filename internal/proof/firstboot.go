package proof

import (
	"bytes"
	"fmt"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/shell"
)

// Marker is a stage that must have run: the file of that name in the folder of markers
// holds its hash.
type Marker struct{ Name, Hash string }

// FirstBoot is a program that waits for the end of a machine's first boot.
type FirstBoot struct {
	Markers []Marker
	// Dir is the folder of the markers on the machine.
	Dir string
	// Limit is how long to wait for the markers where nothing tells that the boot is
	// over; at least a second.
	Limit time.Duration
}

// prelude waits for cloud-init. Its exit code 2 tells of warnings only (cloud-init
// 23.4 and newer). The file boot-finished is the last thing that cloud-init writes; it
// is asked for where another program does cloud-init's work. No command: no wait. User
// data that tells how far it came, beside the markers, is believed when it has failed.
const prelude = `settled=
if command -v cloud-init >/dev/null 2>&1; then
	cloud-init status --wait >/dev/null 2>&1
	code=$?
	case $code in
	0) ;;
	2) echo 'cloud-init ended with warnings:' && cloud-init status --long ;;
	*)
		echo "cloud-init failed (exit code $code):" >&2
		cloud-init status --long >&2
		tail -n 20 /var/log/cloud-init-output.log >&2
		exit 1
		;;
	esac
	settled='cloud-init has ended'
fi
missing=
marked() {
	[ -r "$dir/$1" ] && IFS= read -r was <"$dir/$1" && [ "$was" = "$2" ] || missing="$missing $1"
}
left=$limit
while :; do
	[ -n "$settled" ] || [ ! -e /var/lib/cloud/instance/boot-finished ] || settled='the boot is over'
	[ -n "$settled" ] || ! grep -q '"state":"failed"' "${dir%/*}/status.json" 2>/dev/null || settled='a stage failed'
	missing=
`

const postlude = `	[ -n "$missing" ] || exit 0
	[ -z "$settled" ] || { echo "$settled, and these stages have not run as they should:$missing" >&2; break; }
	[ "$left" -gt 0 ] || { echo "after $limit seconds these stages have still not run:$missing" >&2; break; }
	left=$((left - 1))
	sleep 1
done
tail -n 20 /var/log/cloud-init-output.log >&2
exit 1
`

// Program gives the program, for a POSIX shell as root. It ends with 0 when the boot
// is over and all is as it should be, and else says what is missing, with the end of
// cloud-init's log.
func (f FirstBoot) Program() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "#!/bin/sh\n# Waits for the end of the first boot.\ndir=%s\nlimit=%d\n%s", shell.Quote(f.Dir), max(1, int(f.Limit/time.Second)), prelude)
	for _, m := range f.Markers {
		fmt.Fprintf(&out, "\tmarked %s %s\n", shell.Quote(m.Name), shell.Quote(m.Hash))
	}
	out.WriteString(postlude)
	return out.Bytes()
}
