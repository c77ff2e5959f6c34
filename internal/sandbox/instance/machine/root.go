//go:build linux

package machine

import (
	"fmt"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// root is where nspawn finds the guest's root, in a /run that only the supervisor and its children have.
const root = "/run/goldenami/root"

// hypervisor is what the guest finds in /sys/hypervisor. The machine's own serial number, by which other
// instances of EC2 are known, is read by nobody in a container.
const hypervisor = "/run/goldenami/hypervisor"

// prepare makes the place that nspawn runs in.
func prepare(b Boot) error {
	unix.Umask(0o022)
	if err := unix.Setns(networkFD, unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter the guest's network: %w", err)
	}
	unix.CloseOnExec(networkFD)
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	// The /proc of the new pid namespace: in the old one this process has another number.
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	disk, err := overlay(b)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(disk) }()
	if err := run(b.UUID); err != nil {
		return err
	}
	if err := attach(disk, root); err != nil {
		return err
	}
	return sys()
}

// overlay gives the guest's root as a mount that is in no place yet: /run is about to be covered, and what it
// is made of may lie there.
func overlay(b Boot) (int, error) {
	namespace, err := userNamespace(b.FirstID)
	if err != nil {
		return 0, err
	}
	defer func() { _ = namespace.Close() }()
	if err := unix.Chdir(b.Tmpfs); err != nil {
		return 0, fmt.Errorf("enter tmpfs: %w", err)
	}
	defer func() { _ = unix.Chdir("/") }()
	const base, tmpfs = "b", "t"
	if err := bindMapped(b.Base, base, namespace); err != nil {
		return 0, err
	}
	if err := bindMapped(".", tmpfs, namespace); err != nil {
		return 0, err
	}
	lower := base
	for _, l := range b.Layers {
		lower = path.Join(tmpfs, l) + ":" + lower
	}
	// The same options as for guests of the other kind: a disk may be mounted by either.
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s,redirect_dir=on,index=off,metacopy=off",
		lower, path.Join(tmpfs, b.Dir, "u"), path.Join(tmpfs, b.Dir, "w"))
	target := path.Join(b.Dir, "m")
	err = asOwner(b.FirstID, func() error { return unix.Mount("overlay", target, "overlay", unix.MS_NODEV, options) })
	if err != nil {
		return 0, fmt.Errorf("mount overlay (%s): %w", options, err)
	}
	if err := writable(target); err != nil {
		return 0, err
	}
	disk, err := unix.OpenTree(unix.AT_FDCWD, target, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return 0, fmt.Errorf("take overlay: %w", err)
	}
	return disk, nil
}

// writable makes sure that the guest will have a disk: overlayfs mounts read-only what it cannot write to.
func writable(dir string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return err
	}
	if st.Flags&unix.ST_RDONLY != 0 {
		return fmt.Errorf("the overlay on %s came out read-only", dir)
	}
	return nil
}

// run covers the host's /run. nspawn wants directories there that systemd makes where it is the host's init,
// among them the files that it covers parts of the guest's /proc with.
func run(uuid string) error {
	if err := unix.Mount("tmpfs", "/run", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755"); err != nil {
		return fmt.Errorf("mount /run: %w", err)
	}
	const inaccessible = "/run/systemd/inaccessible"
	for _, d := range []string{root, hypervisor, inaccessible + "/dir"} {
		if err := os.MkdirAll(d, 0o755); err != nil { //nolint:gosec // as systemd makes them
			return err
		}
	}
	for name, text := range map[string]string{"uuid": uuid, "type": "xen"} {
		if err := os.WriteFile(path.Join(hypervisor, name), []byte(text+"\n"), 0o444); err != nil { //nolint:gosec // for all to read
			return err
		}
	}
	if err := os.Chmod(inaccessible+"/dir", 0); err != nil {
		return err
	}
	for name, kind := range map[string]uint32{"reg": unix.S_IFREG, "fifo": unix.S_IFIFO, "sock": unix.S_IFSOCK, "chr": unix.S_IFCHR, "blk": unix.S_IFBLK} {
		if err := unix.Mknod(path.Join(inaccessible, name), kind, 0); err != nil {
			return fmt.Errorf("make %s/%s: %w", inaccessible, name, err)
		}
	}
	return nil
}

// sys shows the guest's network devices to nspawn, and the control groups of version 2. It is read-only, by
// which nspawn knows that no udev will tell it when an interface is ready.
func sys() error {
	const quiet = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	if err := unix.Mount("sysfs", "/sys", "sysfs", quiet|unix.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("mount /sys: %w", err)
	}
	if err := unix.Mount("cgroup2", groups, "cgroup2", quiet, ""); err != nil {
		return fmt.Errorf("mount control groups of version 2: %w", err)
	}
	return nil
}
