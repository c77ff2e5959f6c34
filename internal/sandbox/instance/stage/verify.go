//go:build linux

package stage

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// devicesOf is the set of file systems that a mount table leads to.
func devicesOf(table []entry) map[string]bool {
	out := map[string]bool{}
	for _, e := range table {
		out[e.device] = true
	}
	return out
}

// verify compares the mount table with what the stage made: nothing else may be mounted, and no file system
// that the host had mounted may be among it.
func verify(host map[string]bool, masks []string) error {
	want := map[string]string{"/": "overlay"}
	for _, m := range kernelMounts {
		want[m.target] = m.kind
	}
	for _, m := range masks {
		want[m] = ""
	}
	table, err := mountTable()
	if err != nil {
		return err
	}
	for _, e := range table {
		kind, ok := want[e.target]
		switch {
		case !ok:
			return fmt.Errorf("unexpected mount of %s on %s", e.kind, e.target)
		case kind != "" && e.kind != kind:
			return fmt.Errorf("%s is %s instead of %s", e.target, e.kind, kind)
		case host[e.device]:
			return fmt.Errorf("%s is still the host's file system %s", e.target, e.device)
		}
		delete(want, e.target)
	}
	for target := range want {
		return fmt.Errorf("%s is not mounted", target)
	}
	return verifyFiles(host)
}

// verifyFiles looks at the root, the working directory and all open descriptors: none may lie on one of the
// host's file systems. Pipes, sockets and memory files lie on none that is mounted.
func verifyFiles(host map[string]bool) error {
	check := func(name string) error {
		var st unix.Stat_t
		if err := unix.Stat(name, &st); err != nil {
			return nil //nolint:nilerr // closed since it was listed
		}
		dev := strconv.Itoa(int(unix.Major(st.Dev))) + ":" + strconv.Itoa(int(unix.Minor(st.Dev)))
		if host[dev] {
			return fmt.Errorf("%s leads to the host's file system %s", name, dev)
		}
		return nil
	}
	names := []string{"/", "/proc/self/root", "/proc/self/cwd"}
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, fd := range fds {
		names = append(names, "/proc/self/fd/"+fd.Name())
	}
	for _, n := range names {
		if err := check(n); err != nil {
			return err
		}
	}
	return nil
}
