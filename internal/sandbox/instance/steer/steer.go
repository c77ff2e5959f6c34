//go:build linux

package steer

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// Capacity is how many listeners a [Program] takes at once. Until Linux 5.11 the map counts as locked
// memory, of which root may have as little as 64 KiB; this many fit.
const Capacity = 512

// Program steers new connections in the network namespace of this process. Its methods may be called
// concurrently, except for Close.
type Program struct {
	sockets *os.File
	link    *os.File // holds the program, which holds the map
}

// New attaches a program for the port that steers nothing yet. Its error says what the kernel lacks, or which
// right this process does.
func New(port uint16) (*Program, error) {
	fd, err := newMap(Capacity)
	if err != nil {
		return nil, explain("make a map of sockets", err)
	}
	p := &Program{sockets: os.NewFile(uintptr(fd), "bpf map")}
	if err := p.attach(port, fd); err != nil {
		return nil, errors.Join(err, p.sockets.Close())
	}
	return p, nil
}

func (p *Program) attach(port uint16, sockets int) error {
	fd, err := newProgram(program(port, sockets))
	if err != nil {
		return explain("load an sk_lookup program", err)
	}
	defer func() { _ = unix.Close(fd) }() // the link has its own reference
	network, err := os.Open("/proc/self/ns/net")
	if err != nil {
		return fmt.Errorf("network namespace: %w", err)
	}
	defer func() { _ = network.Close() }()
	link, err := attach(fd, int(network.Fd()))
	if err != nil {
		return explain("attach an sk_lookup program to the network namespace", err)
	}
	p.link = os.NewFile(uintptr(link), "bpf link")
	return nil
}

// Add steers new connections to the port of addr to the listener, which may have any port of the same
// address, until its last descriptor is closed. It takes over an address that was steered already.
// The listener is one of TCP over IPv4 and not of Multipath TCP, which [net.ListenConfig] makes unless told.
func (p *Program) Add(addr netip.Addr, l *net.TCPListener) error {
	if !addr.Is4() {
		return fmt.Errorf("steer connections to %s: not an IPv4 address", addr)
	}
	raw, err := l.SyscallConn()
	if err != nil {
		return fmt.Errorf("steer connections to %s: %w", addr, err)
	}
	var refused error
	if err := raw.Control(func(fd uintptr) { refused = put(int(p.sockets.Fd()), addr.As4(), fd) }); err != nil {
		return fmt.Errorf("steer connections to %s: %w", addr, err)
	}
	switch {
	case errors.Is(refused, unix.E2BIG):
		return fmt.Errorf("steer connections to %s: %d addresses are steered already, which is the limit: %w", addr, Capacity, refused)
	case refused != nil:
		return explain("put the listener of "+addr.String()+" into the map", refused)
	}
	return nil
}

// Close ends the steering; connections that are established stay.
func (p *Program) Close() error {
	return errors.Join(p.link.Close(), p.sockets.Close())
}

// explain says what the errors of bpf(2) mean here.
func explain(what string, err error) error {
	var why string
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		why = "it takes CAP_BPF and CAP_NET_ADMIN outside of any user namespace, and a security policy may forbid it"
	case errors.Is(err, unix.ENOSYS):
		why = "the kernel has no bpf(2), or a system call filter hides it"
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.EOPNOTSUPP):
		why = "it takes Linux 5.9 or later with CONFIG_BPF_SYSCALL and CONFIG_INET"
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%s: %w (%s)", what, err, why)
}
