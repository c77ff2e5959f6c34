//go:build linux

package machine

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// userNamespace gives one that maps the guest's ids, for mounts. A process must enter it for it to exist.
func userNamespace(firstID uint32) (*os.File, error) {
	mapping := []syscall.SysProcIDMap{{ContainerID: 0, HostID: int(firstID), Size: ids}}
	cmd := &exec.Cmd{
		Path: "/proc/self/exe", Args: []string{argIDs}, Env: []string{},
		SysProcAttr: &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER, UidMappings: mapping, GidMappings: mapping},
	}
	end, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("new user namespace: %w (sysctl user.max_user_namespaces must not be 0)", err)
	}
	namespace, err := os.Open(filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), "ns/user"))
	return namespace, errors.Join(err, end.Close(), cmd.Wait())
}

// bindMapped mounts the file system below dir on target with the ids of the namespace: what is owned by the
// guest's first id in memory is owned by 0 on disk.
func bindMapped(dir, target string, namespace *os.File) error {
	tree, err := unix.OpenTree(unix.AT_FDCWD, dir, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return fmt.Errorf("bind %s: %w", dir, err)
	}
	defer func() { _ = unix.Close(tree) }()
	attr := &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(namespace.Fd())}
	err = unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH, attr)
	if errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("map the ids of %s: %w: its file system cannot be mounted so (a tmpfs can since Linux 6.3, an overlay cannot)", dir, err)
	}
	if err != nil {
		return fmt.Errorf("map the ids of %s: %w", dir, err)
	}
	return attach(tree, target)
}

// attach puts a detached mount in its place.
func attach(tree int, target string) error {
	if err := unix.MoveMount(tree, "", unix.AT_FDCWD, target, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return fmt.Errorf("mount on %s: %w", target, err)
	}
	return nil
}

// asOwner runs f with the file system's ids of the guest's first id, and root's rights: only an owner that the
// mapping knows can make files in a mapped mount. It holds for the calling thread.
func asOwner(firstID uint32, f func() error) error {
	// Without it, leaving id 0 takes the rights over files away.
	if err := unix.Prctl(unix.PR_SET_SECUREBITS, noSetuidFixup, 0, 0, 0); err != nil {
		return fmt.Errorf("keep rights: %w", err)
	}
	defer func() { _ = unix.Prctl(unix.PR_SET_SECUREBITS, 0, 0, 0, 0) }()
	if err := setFSID(int(firstID)); err != nil {
		return err
	}
	return errors.Join(f(), setFSID(0))
}

const noSetuidFixup = 1 << 2 // SECBIT_NO_SETUID_FIXUP of include/uapi/linux/securebits.h

func setFSID(id int) error {
	// The calls give the id from before; a second one with an id that is none tells whether the first worked.
	if _, err := unix.SetfsgidRetGid(id); err != nil {
		return fmt.Errorf("file system group id %d: %w", id, err)
	}
	if _, err := unix.SetfsuidRetUid(id); err != nil {
		return fmt.Errorf("file system user id %d: %w", id, err)
	}
	gid, err := unix.SetfsgidRetGid(-1)
	uid, err2 := unix.SetfsuidRetUid(-1)
	if err := errors.Join(err, err2); err != nil || gid != id || uid != id {
		return fmt.Errorf("file system ids are %d:%d instead of %d: %w", uid, gid, id, err)
	}
	return nil
}
