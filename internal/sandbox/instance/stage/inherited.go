//go:build linux

package stage

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// shed closes what the process inherited by accident: descriptors that whoever started the parent left open,
// perhaps files or sockets of the host. The runtime's own (epoll, eventfd) stay open here; none of all is
// passed on.
func shed() error {
	const first = selfFD + 1
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd < first {
			continue
		}
		target, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err != nil || strings.HasPrefix(target, "anon_inode:") {
			continue // gone already: it was the directory that was being read
		}
		if err := unix.Close(fd); err != nil {
			return fmt.Errorf("close inherited descriptor %d: %w", fd, err)
		}
	}
	if err := unix.CloseRange(first, 1<<31-1, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fmt.Errorf("keep descriptors from the guest: %w", err)
	}
	return nil
}
