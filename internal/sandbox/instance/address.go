//go:build linux

package instance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/steer"
)

// addresses gives the instances of one backend their SSH addresses. Where the host's own sshd listens on port
// 22 of all addresses it steers the connections to an instance past it.
type addresses struct {
	mu      sync.Mutex
	program *steer.Program // nil until the first conflict
}

// listen gives the listener behind port 22 of an address. The address is no other instance's, in whichever
// process, until the claim is closed.
func (a *addresses) listen(ctx context.Context, addr netip.Addr) (l *net.TCPListener, claim io.Closer, err error) {
	claim, err = claimAddress(addr)
	if err != nil {
		return nil, nil, err
	}
	l, err = listenTCP(ctx, netip.AddrPortFrom(addr, sshPort))
	if errors.Is(err, unix.EADDRINUSE) {
		l, err = a.steered(ctx, addr)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("ssh address: %w", err), claim.Close())
	}
	return l, claim, nil
}

// claimAddress keeps two instances from one address. While connections are steered bind(2) does not: the
// listeners have ports that differ. A name for an abstract socket is unique in a network namespace and free
// again when the process ends, however it does.
func claimAddress(addr netip.Addr) (io.Closer, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("claim %s: %w", addr, err)
	}
	claim := os.NewFile(uintptr(fd), "claim of "+addr.String())
	err = unix.Bind(fd, &unix.SockaddrUnix{Name: "@goldenami/instance/" + addr.String()})
	if errors.Is(err, unix.EADDRINUSE) {
		err = fmt.Errorf("another instance has it: %w", err)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("claim %s: %w", addr, err), claim.Close())
	}
	return claim, nil
}

// listenTCP leaves out Multipath TCP, which sockets that connections are steered to cannot have.
func listenTCP(ctx context.Context, address netip.AddrPort) (*net.TCPListener, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	l, err := config.Listen(ctx, "tcp4", address.String())
	if err != nil {
		return nil, err
	}
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return nil, errors.Join(fmt.Errorf("%s is no TCP address", address), l.Close())
	}
	return tcp, nil
}

// steered listens on another port, and steers what comes to port 22 there.
func (a *addresses) steered(ctx context.Context, addr netip.Addr) (*net.TCPListener, error) {
	holders, err := steer.Holders(sshPort)
	if err != nil {
		return nil, err
	}
	for _, h := range holders {
		if h.Addr == addr { // no accident of an address for all: it is meant
			return nil, fmt.Errorf("port %d of %s: %w by %s", sshPort, addr, unix.EADDRINUSE, h.Process)
		}
	}
	program, err := a.steering()
	if err != nil {
		return nil, conflict(holders, err)
	}
	l, err := listenTCP(ctx, netip.AddrPortFrom(addr, 0))
	if err != nil {
		return nil, err
	}
	if err := program.Add(addr, l); err != nil {
		return nil, errors.Join(conflict(holders, err), l.Close())
	}
	return l, nil
}

func (a *addresses) steering() (*steer.Program, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var err error
	if a.program == nil {
		a.program, err = steer.New(sshPort)
	}
	return a.program, err
}

func (a *addresses) close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.program == nil {
		return nil
	}
	return a.program.Close()
}

// conflict names who has port 22, why that could not be got around, and what can be done.
func conflict(holders []steer.Holder, why error) error {
	var who []string
	for _, h := range holders {
		if h.Addr.IsUnspecified() {
			who = append(who, h.String())
		}
	}
	if len(who) == 0 {
		who = []string{"a process that is not in sight"}
	}
	return fmt.Errorf("port %d of all addresses is taken by %s, and connections to instances cannot be steered past that: %w; "+
		"let it listen on this machine's own addresses instead (ListenAddress in sshd_config, or ListenStream in ssh.socket where systemd has the port), "+
		`or run this where it has the network, and no way out, to itself: unshare --net sh -c 'ip link set lo up; exec "$@"' sh COMMAND`,
		sshPort, strings.Join(who, " and "), why)
}

// probeAddr is where [Supported] looks for a listener on all addresses. No instance has it, see [DefaultAddr].
var probeAddr = [4]byte{127, 0, 0, sshPort}

// tryAddress finds out whether instances could be reached. Where port 22 is free, and that is seen by a bind
// without listening, which is in nobody's way, there is nothing else to find out.
func tryAddress() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return err
	}
	err = unix.Bind(fd, &unix.SockaddrInet4{Port: sshPort, Addr: probeAddr})
	if !errors.Is(err, unix.EADDRINUSE) {
		return err
	}
	program, err := steer.New(sshPort)
	if err == nil {
		return program.Close()
	}
	holders, unseen := steer.Holders(sshPort)
	return errors.Join(conflict(holders, err), unseen)
}
