//go:build linux

package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Interface is the name of the guest's interface: the first one of a Nitro instance under Debian.
const Interface = "ens5"

const (
	router = "gw"
	mtu    = 9001 // jumbo frames, as in a VPC
)

// MetadataAddr is where the instance metadata service is, ResolverAddr where a VPC's DNS is.
var (
	MetadataAddr = netip.AddrFrom4([4]byte{169, 254, 169, 254})
	ResolverAddr = netip.AddrFrom4([4]byte{169, 254, 169, 253})
)

// Options say what the guest is told by DHCP.
type Options struct {
	Subnet   netip.Prefix // at most /29; the router has its first address
	Guest    netip.Addr   // in the subnet
	MAC      string       // of the guest's interface
	Hostname string       // without domain
	Domain   string
	Private  netip.Addr // what the resolver gives for the host name
}

// Network is a guest's subnet. Close it once the guest is gone.
type Network struct {
	options   Options
	mu        sync.Mutex
	namespace *os.File // nil once it is closed; guarded by mu
	metadata  net.Listener
	dhcp, dns *net.UDPConn
	served    sync.WaitGroup
}

// Router is the router's address in a subnet: its first.
func Router(subnet netip.Prefix) netip.Addr { return subnet.Masked().Addr().Next() }

// New makes the network and serves DHCP in it.
func New(ctx context.Context, o Options) (*Network, error) {
	mac, err := net.ParseMAC(o.MAC)
	if err != nil || len(mac) != 6 {
		return nil, fmt.Errorf("guest network: %q is no MAC address", o.MAC)
	}
	if !o.Subnet.Addr().Is4() || o.Subnet.Bits() > 29 || !o.Subnet.Contains(o.Guest) || o.Guest == Router(o.Subnet) {
		return nil, fmt.Errorf("guest network: %s cannot be a guest's address in %s", o.Guest, o.Subnet)
	}
	n := &Network{options: o}
	n.namespace, err = newNamespace(func() error { return n.furnish(ctx) })
	if err != nil {
		return nil, errors.Join(fmt.Errorf("guest network: %w", err), n.closeSockets())
	}
	n.served.Go(func() { serveDHCP(n.dhcp, newLease(o)) })
	n.served.Go(func() { serveDNS(n.dns, newNames(o)) })
	return n, nil
}

// furnish makes interfaces and sockets on the calling thread's namespace.
func (n *Network) furnish(ctx context.Context) error {
	script := fmt.Sprintf(`link set lo up
link add %[1]s mtu %[2]d type veth peer name %[3]s address %[4]s mtu %[2]d
link set %[1]s up
address add %[5]s/%[6]d dev %[1]s
address add %[7]s/32 dev %[1]s
address add %[8]s/32 dev %[1]s
`, router, mtu, Interface, n.options.MAC, Router(n.options.Subnet), n.options.Subnet.Bits(), MetadataAddr, ResolverAddr)
	cmd := exec.CommandContext(ctx, "ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(script)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ip: %w: %s", err, strings.TrimSpace(string(out)))
	}
	var listen net.ListenConfig
	var err error
	if n.metadata, err = listen.Listen(ctx, "tcp4", netip.AddrPortFrom(MetadataAddr, 80).String()); err != nil {
		return err
	}
	if n.dhcp, err = listenUDP(ctx, "0.0.0.0:67"); err != nil {
		return err
	}
	n.dns, err = listenUDP(ctx, netip.AddrPortFrom(ResolverAddr, 53).String())
	return err
}

// Namespace is what the guest's supervisor runs in. The caller closes it.
func (n *Network) Namespace() (*os.File, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.namespace == nil {
		return nil, net.ErrClosed
	}
	fd, err := unix.FcntlInt(n.namespace.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("network namespace: %w", err)
	}
	return os.NewFile(uintptr(fd), "network namespace"), nil
}

// Metadata is the listener at port 80 of [MetadataAddr]. Close ends it.
func (n *Network) Metadata() net.Listener { return n.metadata }

// Dial connects to a TCP port of the guest.
func (n *Network) Dial(ctx context.Context, port uint16) (net.Conn, error) {
	namespace, err := n.Namespace()
	if err != nil {
		return nil, err
	}
	defer func() { _ = namespace.Close() }()
	var conn net.Conn
	err = inside(namespace, func() error {
		var d net.Dialer
		var err error
		conn, err = d.DialContext(ctx, "tcp4", netip.AddrPortFrom(n.options.Guest, port).String())
		return err
	})
	return conn, err
}

// Close ends what is served in the network. The kernel takes the network apart when the guest is gone too.
func (n *Network) Close() error {
	err := n.closeSockets()
	n.served.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	err = errors.Join(err, n.namespace.Close())
	n.namespace = nil
	return err
}

func (n *Network) closeSockets() error {
	var errs []error
	if n.metadata != nil {
		errs = append(errs, ignoreClosed(n.metadata.Close()))
	}
	for _, c := range []*net.UDPConn{n.dhcp, n.dns} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// listenUDP hears and reaches a client without an address too.
func listenUDP(ctx context.Context, address string) (*net.UDPConn, error) {
	var config net.ListenConfig
	config.Control = func(_, _ string, raw syscall.RawConn) error {
		var refused error
		err := raw.Control(func(fd uintptr) {
			refused = errors.Join(
				unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BROADCAST, 1),
				unix.BindToDevice(int(fd), router))
		})
		return errors.Join(err, refused)
	}
	l, err := config.ListenPacket(ctx, "udp4", address)
	if err != nil {
		return nil, err
	}
	conn, ok := l.(*net.UDPConn)
	if !ok {
		return nil, errors.Join(errors.New("no UDP socket"), l.Close())
	}
	return conn, nil
}
