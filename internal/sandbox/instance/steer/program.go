//go:build linux

package steer

import (
	"math"

	"golang.org/x/sys/unix"
)

// instruction is struct bpf_insn. In Registers the destination is the low half on little-endian machines,
// the only kind that guests run on.
type instruction struct {
	Code      uint8
	Registers uint8
	Offset    int16
	Immediate int32
}

// The registers, as the kernel uses them: r0 is a result, r1 to r5 are arguments that a call destroys, r6 to
// r9 survive calls, r10 is the frame. r1 holds the context at the start.
const (
	r0 = iota
	r1
	r2
	r3
	_
	_
	r6
	r7
	_
	_
	r10
)

// Offsets in struct bpf_sk_lookup. Addresses are in network order, the local port is in host order.
const (
	contextFamily    = 8
	contextProtocol  = 12
	contextLocalIP4  = 40
	contextLocalPort = 60
)

// Numbers of helpers, from the list __BPF_FUNC_MAPPER.
const (
	helperMapLookup = 1
	helperRelease   = 86
	helperAssign    = 124
)

const skPass = 1 // enum sk_action

// key is where the frame holds the address to look up.
const key = -4

// end is the jump offset that program replaces by the distance to its last two instructions.
const end = math.MaxInt16

// program is what the package comment says: for a new connection to the port, the listener of its local
// address, if the map has one.
func program(port uint16, sockets int) []instruction {
	text := []instruction{
		copied(r6, r1),
		field(contextFamily), jumpToEnd(unix.BPF_JNE, r2, unix.AF_INET),
		field(contextProtocol), jumpToEnd(unix.BPF_JNE, r2, unix.IPPROTO_TCP),
		field(contextLocalPort), jumpToEnd(unix.BPF_JNE, r2, int32(port)),

		field(contextLocalIP4),
		{Code: unix.BPF_STX | unix.BPF_MEM | unix.BPF_W, Registers: r10 | r2<<4, Offset: key},
		copied(r2, r10),
		{Code: unix.BPF_ALU64 | unix.BPF_ADD | unix.BPF_K, Registers: r2, Immediate: key},
		// A map takes two instructions; the kernel puts its address in place of the descriptor.
		{Code: unix.BPF_LD | unix.BPF_IMM | unix.BPF_DW, Registers: r1 | unix.BPF_PSEUDO_MAP_FD<<4, Immediate: int32(sockets)}, //nolint:gosec // descriptors are int32 in the kernel
		{},
		call(helperMapLookup), jumpToEnd(unix.BPF_JEQ, r0, 0),

		copied(r7, r0),
		copied(r1, r6),
		copied(r2, r0),
		set(r3, unix.BPF_SK_LOOKUP_F_REPLACE),
		call(helperAssign), // where it fails, the usual lookup goes on
		copied(r1, r7),
		call(helperRelease), // the map gave a reference

		set(r0, skPass),
		{Code: unix.BPF_JMP | unix.BPF_EXIT},
	}
	for i := range text {
		if text[i].Offset == end {
			text[i].Offset = int16(len(text) - 2 - (i + 1)) //nolint:gosec // some tens
		}
	}
	return text
}

func jumpToEnd(condition, register uint8, value int32) instruction {
	return instruction{Code: unix.BPF_JMP | condition | unix.BPF_K, Registers: register, Offset: end, Immediate: value}
}

// field reads four bytes of the context, which r6 keeps, into r2.
func field(offset int16) instruction {
	return instruction{Code: unix.BPF_LDX | unix.BPF_MEM | unix.BPF_W, Registers: r2 | r6<<4, Offset: offset}
}

func set(to uint8, value int32) instruction {
	return instruction{Code: unix.BPF_ALU64 | unix.BPF_MOV | unix.BPF_K, Registers: to, Immediate: value}
}

func copied(to, from uint8) instruction {
	return instruction{Code: unix.BPF_ALU64 | unix.BPF_MOV | unix.BPF_X, Registers: to | from<<4}
}

func call(helper int32) instruction {
	return instruction{Code: unix.BPF_JMP | unix.BPF_CALL, Immediate: helper}
}
