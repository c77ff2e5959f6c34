//go:build linux

package steer

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The parts of union bpf_attr, one struct for each command, up to the last field that is set here; the
// kernel takes what is missing as zero. Pointers are 64 bits wide on every machine.
type (
	mapCreate struct {
		kind, keySize, valueSize, entries uint32
		_, _, _                           uint32
		name                              [unix.BPF_OBJ_NAME_LEN]byte
	}
	mapUpdate struct {
		sockets, _        uint32
		key, value, flags uint64
	}
	programLoad struct {
		kind, count           uint32
		instructions, license uint64
		_, _                  uint32 // the verifier's log
		_                     uint64
		_, _                  uint32
		name                  [unix.BPF_OBJ_NAME_LEN]byte
		_, attachType         uint32
	}
	linkCreate struct{ program, target, attachType, _ uint32 }
)

// label is what bpftool shows for the map and the program.
var label = [unix.BPF_OBJ_NAME_LEN]byte([]byte("goldenami_ssh\x00\x00\x00"))

// newMap makes the map from an IPv4 address, in network order, to a listener.
func newMap(entries uint32) (int, error) {
	return bpf(unix.BPF_MAP_CREATE, &mapCreate{kind: unix.BPF_MAP_TYPE_SOCKHASH, keySize: 4, valueSize: 8, entries: entries, name: label})
}

func put(sockets int, address [4]byte, listener uintptr) error {
	var pins runtime.Pinner
	defer pins.Unpin()
	value := uint64(listener)
	pins.Pin(&address)
	pins.Pin(&value)
	_, err := bpf(unix.BPF_MAP_UPDATE_ELEM, &mapUpdate{
		sockets: number(sockets), key: pointer(&address[0]), value: pointer(&value), flags: unix.BPF_ANY,
	})
	return err
}

func newProgram(text []instruction) (int, error) {
	// The helpers that the program calls are open to programs under every license.
	license := []byte("proprietary\x00")
	var pins runtime.Pinner
	defer pins.Unpin()
	pins.Pin(&text[0])
	pins.Pin(&license[0])
	return bpf(unix.BPF_PROG_LOAD, &programLoad{
		kind: unix.BPF_PROG_TYPE_SK_LOOKUP, count: number(len(text)), instructions: pointer(&text[0]), license: pointer(&license[0]),
		name: label, attachType: unix.BPF_SK_LOOKUP,
	})
}

// attach makes the program run in the network namespace for as long as the descriptor it gives is open.
func attach(program, network int) (int, error) {
	return bpf(unix.BPF_LINK_CREATE, &linkCreate{program: number(program), target: number(network), attachType: unix.BPF_SK_LOOKUP})
}

// bpf is bpf(2). What attr points to is pinned. The descriptors it gives are close-on-exec.
func bpf[A any](command uintptr, attr *A) (int, error) {
	fd, _, errno := unix.Syscall(unix.SYS_BPF, command, uintptr(unsafe.Pointer(attr)), unsafe.Sizeof(*attr)) //nolint:gosec // the call takes a pointer
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}

// pointer is what the attributes hold of something that is pinned.
func pointer[T any](p *T) uint64 { return uint64(uintptr(unsafe.Pointer(p))) } //nolint:gosec // the call takes pointers

// number is a descriptor, or a count, as the attributes hold it.
func number(n int) uint32 { return uint32(n) } //nolint:gosec // neither is negative or large
