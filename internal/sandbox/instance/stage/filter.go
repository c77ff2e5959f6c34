//go:build linux

package stage

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// refused are system calls that act on the machine as a whole. The kernel asks for rights that a guest does
// not have; the filter is there for the day it forgets to.
var refused = []uint32{
	unix.SYS_KEXEC_LOAD, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_BPF,
	unix.SYS_PERF_EVENT_OPEN, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_REBOOT, unix.SYS_SWAPON, unix.SYS_SWAPOFF,
	unix.SYS_ACCT, unix.SYS_SYSLOG, unix.SYS_QUOTACTL, unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME,
}

// Offsets in struct seccomp_data (seccomp(2)); the low half of an argument comes first on both machines.
const (
	offsetNumber   = 0
	offsetArch     = 4
	offsetFirstArg = 16
)

// x32Bit marks the calls of amd64's second numbering, which would pass a filter of the first.
const x32Bit = 0x40000000

var archs = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// filter refuses the calls above, and new cgroup namespaces. In one of those a guest could mount the cgroup
// tree, whose files belong to uid 0, which it is: it could kill or freeze the host's processes there.
// clone3 passes its flags in memory, where a filter cannot look; without it libraries fall back to clone.
// Programs of another architecture (32 bit) do not run in a guest. It holds for what the calling thread
// starts from then on.
func filter() error {
	arch, ok := archs[runtime.GOARCH]
	if !ok {
		return fmt.Errorf("no system call filter for %s: guests run on amd64 and arm64", runtime.GOARCH)
	}
	program := assemble(arch)
	prog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}                                                     //nolint:gosec // some dozens
	_, _, errno := unix.Syscall(unix.SYS_PRCTL, unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&prog))) //nolint:gosec // the call takes a pointer
	runtime.KeepAlive(&prog)
	if errno != 0 {
		return fmt.Errorf("system call filter: %w", errno)
	}
	return nil
}

func assemble(arch uint32) []unix.SockFilter {
	const (
		load  = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		least = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
		bits  = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
		end   = unix.BPF_RET | unix.BPF_K
	)
	allow := unix.SockFilter{Code: end, K: unix.SECCOMP_RET_ALLOW}
	deny := unix.SockFilter{Code: end, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)}
	unknown := unix.SockFilter{Code: end, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)}
	p := []unix.SockFilter{
		{Code: load, K: offsetArch},
		{Code: equal, Jt: 1, K: arch},
		unknown,
		{Code: load, K: offsetNumber},
		{Code: least, Jf: 1, K: x32Bit},
		unknown,
		{Code: equal, Jf: 1, K: unix.SYS_CLONE3},
		unknown,
	}
	for _, nr := range refused {
		p = append(p, unix.SockFilter{Code: equal, Jf: 1, K: nr}, deny)
	}
	return append(
		p,
		unix.SockFilter{Code: equal, Jt: 2, K: unix.SYS_CLONE},
		unix.SockFilter{Code: equal, Jt: 1, K: unix.SYS_UNSHARE},
		allow,
		unix.SockFilter{Code: load, K: offsetFirstArg},
		unix.SockFilter{Code: bits, Jf: 1, K: unix.CLONE_NEWCGROUP},
		deny,
		allow,
	)
}
