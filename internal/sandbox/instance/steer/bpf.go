//go:build linux

package steer

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The parts of union bpf_attr, one struct for each command, up to the last field that is set here. The
// kernel takes what is missing as zero. Pointers are 64 bits wide on every machine.
type (
	mapCreate  struct{ Type, KeySize, ValueSize, MaxEntries uint32 }
	mapElement struct {
		Map, _     uint32
		Key, Value uint64
		Flags      uint64
	}
	programLoad struct {
		Type, Count            uint32
		Instructions, License  uint64
		LogLevel, LogSize      uint32
		Log                    uint64
		_, Flags               uint32
		Name                   [unix.BPF_OBJ_NAME_LEN]byte
		_, ExpectedAttachType_ uint32
	}
	linkCreate struct{ Program, Target, AttachType, Flags uint32 }
)

// call is bpf(2). What attr points to must be pinned.
func bpf[A any](command int, attr *A) (int, error) {
	fd, _, errno := unix.Syscall(unix.SYS_BPF, uintptr(command), uintptr(unsafe.Pointer(attr)), unsafe.Sizeof(*attr))
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}
