//go:build linux

package steer

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Holder is a TCP listener of this network namespace.
type Holder struct {
	Addr    netip.Addr // an IPv4 address, also where an IPv6 socket has one; or an IPv6 address
	Process string     // such as "sshd (process 812)"; "another process" where it cannot be seen
}

// String is such as "sshd (process 812) on 0.0.0.0".
func (h Holder) String() string { return h.Process + " on " + h.Addr.String() }

// Holders gives the listeners on the port, in the order of the kernel's tables, IPv4 first. Sockets of
// IPv6 that leave IPv4 alone are among them.
func Holders(port uint16) ([]Holder, error) {
	var found []Holder
	var inodes []string
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		text, err := os.ReadFile(table)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a kernel without IPv6
		}
		if err != nil {
			return nil, fmt.Errorf("listening ports: %w", err)
		}
		lines := bufio.NewScanner(bytes.NewReader(text))
		lines.Scan() // the heading
		for lines.Scan() {
			addr, inode, ok := listener(strings.Fields(lines.Text()), port)
			if ok {
				found, inodes = append(found, Holder{Addr: addr, Process: "another process"}), append(inodes, inode)
			}
		}
	}
	if len(found) > 0 {
		name(found, inodes)
	}
	return found, nil
}

// listener reads a line of the table, which proc(5) describes: the second field is the local address, the
// fourth the state, the tenth the inode of the socket.
func listener(fields []string, port uint16) (addr netip.Addr, inode string, ok bool) {
	const listening = "0A" // TCP_LISTEN
	if len(fields) < 10 || fields[3] != listening {
		return addr, "", false
	}
	address, hexPort, _ := strings.Cut(fields[1], ":")
	if p, err := strconv.ParseUint(hexPort, 16, 16); err != nil || p != uint64(port) {
		return addr, "", false
	}
	raw, err := hex.DecodeString(address)
	if err != nil || len(raw)%4 != 0 {
		return addr, "", false
	}
	for word := range slices.Chunk(raw, 4) { // each is printed as a number of this machine's order
		binary.NativeEndian.PutUint32(word, binary.BigEndian.Uint32(word))
	}
	addr, ok = netip.AddrFromSlice(raw)
	return addr.Unmap(), fields[9], ok
}

// name looks for the processes that have the sockets open. One that ends meanwhile, or that belongs to
// others, is passed over.
func name(found []Holder, inodes []string) {
	descriptors, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return // only for a malformed pattern
	}
	for _, fd := range descriptors {
		target, err := os.Readlink(fd)
		if err != nil {
			continue
		}
		inode, ok := strings.CutPrefix(target, "socket:[")
		if !ok {
			continue
		}
		for i := range found {
			if inodes[i]+"]" == inode {
				found[i].Process = process(filepath.Dir(filepath.Dir(fd)))
			}
		}
	}
}

func process(dir string) string {
	pid := filepath.Base(dir)
	comm, err := os.ReadFile(filepath.Join(dir, "comm"))
	if err != nil {
		return "process " + pid
	}
	return strings.TrimSpace(string(comm)) + " (process " + pid + ")"
}
