//go:build linux

package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const groups = "/sys/fs/cgroup"

// group is the control group that nspawn is started in.
type group struct {
	path string
	dir  *os.File
}

// newGroup makes a group below the supervisor's own. One that is left over from a supervisor that was killed
// is empty, and goes first.
func newGroup(name string) (*group, error) {
	own, err := ownGroup()
	if err != nil {
		return nil, err
	}
	g := &group{path: filepath.Join(groups, own, "goldenami-"+name)}
	if err := removeTree(g.path); err != nil {
		return nil, fmt.Errorf("control group of an earlier guest: %w", err)
	}
	if err := os.Mkdir(g.path, 0o755); err != nil { //nolint:gosec // as all of them
		return nil, fmt.Errorf("new control group: %w", err)
	}
	if g.dir, err = os.Open(g.path); err != nil {
		return nil, errors.Join(err, os.Remove(g.path))
	}
	return g, nil
}

// ownGroup is the path in the hierarchy of version 2, the line 0::PATH (cgroups(7)).
func ownGroup() (string, error) {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if own, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			return own, nil
		}
	}
	return "", errors.New("this kernel has no control groups of version 2")
}

// remove removes the group. What still runs in it was killed, and may take a moment to end.
func (g *group) remove() {
	_ = g.dir.Close()
	_ = os.WriteFile(filepath.Join(g.path, "cgroup.kill"), []byte("1"), 0) // kernels before 5.14 have it not
	const tries, pause = 200, 5 * time.Millisecond
	for range tries {
		if err := removeTree(g.path); !errors.Is(err, unix.EBUSY) {
			if err != nil {
				fmt.Fprintln(os.Stderr, "machine: remove control group:", err)
			}
			return
		}
		time.Sleep(pause)
	}
}

// removeTree removes a group and those below it. Their files are not removed, they go with them.
func removeTree(dir string) error {
	var dirs []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, p)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, d := range slices.Backward(dirs) {
		if err := unix.Rmdir(d); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove %s: %w", d, err)
		}
	}
	return nil
}
