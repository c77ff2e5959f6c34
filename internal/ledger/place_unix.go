//go:build unix

package ledger

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// openFile opens a ledger for its owner alone, and no symbolic link.
func openFile(path string, flags int) (*os.File, error) {
	return os.OpenFile(path, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600) //nolint:gosec // in a directory that was checked
}

// checkOwner refuses what another user owns or may write.
func checkOwner(info os.FileInfo) error {
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return fmt.Errorf("can be written by others (mode %04o); take that right away", mode)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("belongs to user %d, not to %d", stat.Uid, os.Geteuid())
	}
	return nil
}

// lock marks the ledger as in use until the file is closed, which the kernel
// also does for a process that is killed.
func lock(file *os.File) error {
	err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errRunning
	}
	return err
}

// removeFile deletes the name before the lock goes, so that nobody takes over a
// file that is about to vanish.
func removeFile(file *os.File, path string) error {
	return errors.Join(os.Remove(path), file.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // checked before
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
