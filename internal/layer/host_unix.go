//go:build unix

package layer

import (
	"errors"
	"syscall"
)

// signalled tells whether a signal would reach a process; one of another user counts.
func signalled(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
