//go:build linux

package stage

import (
	"fmt"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// pivot makes the overlay and moves into it; the old root with all its mounts is unmounted.
func pivot(b Boot) error {
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Chdir(b.Tmpfs); err != nil {
		return fmt.Errorf("enter tmpfs: %w", err)
	}
	// A bind gives the base a name without the characters that mean something in mount options.
	if err := unix.Mount(b.Base, "b", "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind base %s: %w", b.Base, err)
	}
	lower := "b"
	for _, l := range b.Layers {
		lower = l + ":" + lower
	}
	// No device of the base may be opened through the guest's root. Redirects make a rename of a directory
	// of a lower layer work as on a disk; the other features need file handles and stay off, also where the
	// kernel was built with them on.
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s,redirect_dir=on,index=off,metacopy=off",
		lower, path.Join(b.Dir, "u"), path.Join(b.Dir, "w"))
	root := path.Join(b.Dir, "m")
	if err := unix.Mount("overlay", root, "overlay", unix.MS_NODEV, options); err != nil {
		return fmt.Errorf("mount overlay (%s): %w", options, err)
	}
	if err := unix.Chdir(root); err != nil {
		return fmt.Errorf("enter guest root: %w", err)
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount the host's root: %w", err)
	}
	return unix.Chdir("/")
}

// mounted is one mount that a guest has.
type mounted struct {
	target, kind string
	flags        uintptr
	options      string
}

const quiet = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC

var kernelMounts = []mounted{
	{"/proc", "proc", quiet, ""},
	{"/dev", "tmpfs", unix.MS_NOSUID, "mode=0755,size=1m"},
	{"/dev/pts", "devpts", unix.MS_NOSUID | unix.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5"},
	{"/dev/shm", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV, "mode=1777"},
	{"/run", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV, "mode=0755"},
	// Nothing of the host's devices: an empty place that tools can list.
	{"/sys", "tmpfs", quiet | unix.MS_RDONLY, "mode=0555,size=4k"},
}

func mountKernel() error {
	for _, m := range kernelMounts {
		if err := os.MkdirAll(m.target, 0o755); err != nil { //nolint:gosec // a system directory of the guest
			return err
		}
		if err := unix.Mount(m.kind, m.target, m.kind, m.flags, m.options); err != nil {
			return fmt.Errorf("mount %s: %w", m.target, err)
		}
		if m.target == "/dev" {
			if err := devices(); err != nil {
				return err
			}
		}
	}
	return nil
}

func devices() error {
	unix.Umask(0)
	defer unix.Umask(0o022)
	for name, minor := range map[string]uint32{"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9} {
		if err := unix.Mknod("/dev/"+name, unix.S_IFCHR|0o666, int(unix.Mkdev(1, minor))); err != nil { //nolint:gosec // 1:3 to 1:9
			return fmt.Errorf("make /dev/%s: %w", name, err)
		}
	}
	if err := unix.Mknod("/dev/tty", unix.S_IFCHR|0o666, int(unix.Mkdev(5, 0))); err != nil { //nolint:gosec // 5:0
		return fmt.Errorf("make /dev/tty: %w", err)
	}
	for name, target := range map[string]string{
		"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1",
		"stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx",
	} {
		if err := os.Symlink(target, "/dev/"+name); err != nil {
			return err
		}
	}
	return nil
}

// The host's switches in /proc. Those that only tell something are read-only, those that show memory, keys
// or the log are empty. Not each kernel has each of them.
var (
	readOnly = []string{"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi", "/proc/driver", "/proc/mtrr"}
	masked   = []string{"/proc/kcore", "/proc/keys", "/proc/key-users", "/proc/kmsg", "/proc/timer_list", "/proc/sched_debug", "/proc/latency_stats"}
)

// mask covers them and gives the mount points it made.
func mask() ([]string, error) {
	var made []string
	for _, p := range readOnly {
		if _, err := os.Lstat(p); err != nil {
			continue
		}
		if err := unix.Mount(p, p, "", unix.MS_BIND, ""); err != nil {
			return nil, fmt.Errorf("bind %s: %w", p, err)
		}
		if err := unix.Mount("none", p, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY|quiet, ""); err != nil {
			return nil, fmt.Errorf("make %s read-only: %w", p, err)
		}
		made = append(made, p)
	}
	for _, p := range masked {
		if _, err := os.Lstat(p); err != nil {
			continue
		}
		if err := unix.Mount("/dev/null", p, "", unix.MS_BIND, ""); err != nil {
			return nil, fmt.Errorf("mask %s: %w", p, err)
		}
		made = append(made, p)
	}
	return made, nil
}

// entry is what counts of a line of /proc/self/mountinfo (proc_pid_mountinfo(5)).
type entry struct{ device, target, kind string }

func mountTable() ([]entry, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	var out []entry
	for line := range strings.Lines(string(text)) {
		left, right, ok := strings.Cut(line, " - ")
		f, kind := strings.Fields(left), strings.Fields(right)
		if !ok || len(f) < 5 || len(kind) < 1 {
			return nil, fmt.Errorf("mount table: cannot read line %q", line)
		}
		out = append(out, entry{f[2], f[4], kind[0]})
	}
	return out, nil
}
