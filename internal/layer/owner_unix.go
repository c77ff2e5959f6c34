//go:build unix

package layer

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// checkOwner refuses a folder that another user made or can change.
func checkOwner(dir string, info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int64(stat.Uid) != int64(os.Getuid()) {
		return fmt.Errorf("folder %s belongs to another user: remove it or set TMPDIR", dir)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("folder %s is open to other users: chmod 700 it or set TMPDIR", dir)
	}
	return nil
}
