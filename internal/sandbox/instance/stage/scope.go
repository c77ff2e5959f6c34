//go:build linux

package stage

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// scopeAttr is struct landlock_ruleset_attr of Linux 6.12 (ABI 6), with nothing but the scope in use.
type scopeAttr struct {
	handledFS, handledNet, scoped uint64
}

const scopeABI = 6

// scope keeps the guest away from abstract unix sockets of the host, which the shared network namespace
// would let it connect to as uid 0. It holds for what the calling thread starts from then on. Kernels that cannot are left as they are; the package comment says so.
func scope() error {
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 || abi < scopeABI {
		return nil
	}
	attr := scopeAttr{scoped: unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET}
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0) //nolint:gosec // the call takes a pointer
	if errno != 0 {
		return fmt.Errorf("landlock rule set: %w", errno)
	}
	defer func() { _ = unix.Close(int(fd)) }()
	runtime.KeepAlive(&attr)
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); errno != 0 {
		return fmt.Errorf("landlock: %w", errno)
	}
	return nil
}
