//go:build linux

package instance

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/imds"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/link"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/machine"
)

// bootedKind are guests that boot as machines, from a root of their own.
var bootedKind = kind{
	name: "boot", check: checkGuestRoot, vendor: rootAsVendor, launch: launchMachine,
	// A first boot takes some seconds, on a slow machine a minute.
	bootLimit: 5 * time.Minute,
	// Above the 90 seconds that systemd gives a unit to stop.
	stopLimit: 2 * time.Minute,
}

// sshLimit is how long a guest has to bring its SSH server up. One that is up without it runs all the same, as
// on EC2.
const sshLimit = 3 * time.Minute

// NewBooted gives the backend of guests that boot: systemd, cloud-init and sshd of the root in rootDir, which
// is never written to, in place of what [NewLinux] has for them. It is alike in all else.
func NewBooted(stateDir, rootDir string) (Backend, error) {
	if err := Supported(); err != nil {
		return nil, err
	}
	for name, pkg := range map[string]string{"systemd-nspawn": "systemd-container", "ip": "iproute2"} {
		if _, err := exec.LookPath(name); err != nil {
			return nil, fmt.Errorf("guests that boot need %s, of Debian's package %s: %w", name, pkg, err)
		}
	}
	return newLinux(bootedKind, stateDir, rootDir)
}

// checkGuestRoot looks for what a guest boots with.
func checkGuestRoot(b *linux) error {
	if b.base == "/" {
		return errors.New("base /: this machine's own root cannot boot as a guest's; make guest-root makes one")
	}
	for _, name := range []string{"usr/lib/systemd/systemd", "usr/bin/cloud-init", "usr/sbin/sshd"} {
		if _, err := os.Stat(filepath.Join(b.base, name)); err != nil {
			return fmt.Errorf("base %s: %w: a guest that boots needs systemd, cloud-init and sshd in its root; make guest-root makes one", b.base, err)
		}
	}
	return nil
}

// rootAsVendor says what the vendor's image says to its cloud-init: where it runs, and who logs in.
func rootAsVendor(_ *store, dir, user string) error {
	config := filepath.Join(dir, "etc/cloud/cloud.cfg.d")
	if err := os.MkdirAll(config, 0o755); err != nil { //nolint:gosec // a system directory of the guest
		return err
	}
	text := fmt.Sprintf(`datasource_list: [ Ec2 ]
datasource:
  Ec2:
    metadata_urls: [ http://169.254.169.254 ]
locale: C.UTF-8
manage_etc_hosts: true
system_info:
  default_user:
    name: %s
`, user)
	return os.WriteFile(filepath.Join(config, "90_ec2.cfg"), []byte(text), 0o644) //nolint:gosec // public
}

// metadata is what the guest is told at this moment.
func (s *Spec) metadata() imds.Metadata {
	m := s.Metadata()
	m.InstanceID, m.UserData, m.PublicKey = s.ID, s.UserData, s.AuthorizedKey
	return m
}

// place is where the instance is among 127.0.0.0/8: what a guest needs to itself is derived from it.
func (s *Spec) place() uint32 {
	a := s.Addr.As4()
	return uint32(a[1])<<16 | uint32(a[2])<<8 | uint32(a[3])
}

// firstID gives the instance 65536 user ids above those that systemd hands out (up to 0x6fffffff, see
// systemd's UIDS-GIDS.md), and below 0xe0000000.
func (s *Spec) firstID() uint32 {
	const first, blocks = 0x7000, 0x7000
	return (first + s.place()%blocks) << 16
}

// uuid is what a hypervisor gives the instance: all of EC2's begin with ec2 (EC2 User Guide, "Detect whether a
// host is an EC2 instance").
func (s *Spec) uuid() string {
	sum := sha256.Sum256([]byte(s.ID))
	h := hex.EncodeToString(sum[:])
	return fmt.Sprintf("ec2%s-%s-%s-%s-%s", h[:5], h[5:9], h[9:13], h[13:17], h[17:29])
}

// network is the guest's subnet. EC2's own private address of the instance cannot be used in it: here it is
// one of the host's loopback.
func (s *Spec) network() (link.Options, error) {
	m := s.metadata()
	subnet, err := netip.ParsePrefix(m.Interface.SubnetCIDR)
	if err != nil || !subnet.Addr().Is4() || subnet.Bits() > 28 {
		return link.Options{}, fmt.Errorf("subnet of the instance: %q is none of a VPC", m.Interface.SubnetCIDR)
	}
	const reserved = 4 // the first four and the last are a VPC's own
	free := uint32(1)<<(32-subnet.Bits()) - reserved - 1
	guest := subnet.Masked().Addr().As4()
	n := binary.BigEndian.Uint32(guest[:]) + reserved + s.place()%free
	binary.BigEndian.PutUint32(guest[:], n)
	_, domain, _ := strings.Cut(m.Hostname, ".")
	return link.Options{
		Subnet: subnet, Guest: netip.AddrFrom4(guest),
		MAC: m.Interface.MAC, Hostname: s.Hostname, Domain: domain, Private: s.Addr,
	}, nil
}

func launchMachine(ctx context.Context, b *linux, g *guestInstance, s Spec, layers []string, l *net.TCPListener) (*guestProcess, error) {
	if s.Metadata == nil {
		return nil, errors.Join(errors.New("a guest that boots needs metadata"), l.Close())
	}
	options, err := s.network()
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	n, err := link.New(ctx, options)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	var served sync.WaitGroup
	served.Go(func() { _ = imds.New(s.metadata).Serve(n.Metadata()) }) // ends when the network is closed
	up, over := make(chan struct{}), make(chan struct{})
	served.Go(func() { //nolint:contextcheck // it lasts as long as the guest, not as its start
		select {
		case <-up:
			n.Forward(l, sshPort)
		case <-over:
		}
	})
	release := func() error {
		close(over)
		err := errors.Join(ignoreClosed(l.Close()), n.Close())
		served.Wait()
		return err
	}
	order := machine.Boot{
		Tmpfs: b.mount, Base: b.base, Layers: layers, Dir: g.disk.dir,
		Name: "ip-" + strings.ReplaceAll(s.Addr.String(), ".", "-"), Interface: link.Interface, FirstID: s.firstID(), UUID: s.uuid(),
	}
	p, err := b.startMachine(order, n)
	if err != nil {
		return nil, errors.Join(err, release())
	}
	await := func(ctx context.Context, ended <-chan struct{}) error {
		if err := g.awaitSSH(ctx, n, ended); err != nil {
			return err
		}
		close(up)
		return nil
	}
	return &guestProcess{process: p, console: p.Console, await: await, release: release, ending: machineEnding}, nil
}

// machineEnding reads the exit code of systemd-nspawn, which the supervisor passes on: that of the guest's init, and
// 133 where the guest reboots and nspawn shall not start it again itself (EXIT_FORCE_RESTART of systemd's
// nspawn.c, with --keep-unit).
func machineEnding(err error) ending {
	const restart = 133
	var exit *exec.ExitError
	switch {
	case err == nil:
		return poweredOff
	case errors.As(err, &exit) && exit.ExitCode() == restart:
		return rebooted
	default:
		return died
	}
}

func (b *linux) startMachine(order machine.Boot, n *link.Network) (p *machine.Process, err error) {
	namespace, err := n.Namespace()
	if err != nil {
		return nil, err
	}
	defer func() { _ = namespace.Close() }() // the supervisor has its own
	err = b.tmpfs.Do(func() error {
		p, err = machine.Start(order, namespace)
		return err
	})
	return p, err
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// awaitSSH waits until the guest's SSH server greets.
func (g *guestInstance) awaitSSH(ctx context.Context, n *link.Network, ended <-chan struct{}) error {
	const pause = 50 * time.Millisecond
	limit := time.NewTimer(sshLimit)
	defer limit.Stop()
	for {
		if greets(ctx, n) {
			return nil
		}
		select {
		case <-ended:
			return g.errEnded()
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.C:
			_, _ = fmt.Fprintf(g.console, "no SSH server greets on port %d after %v\n", sshPort, sshLimit)
			return nil
		case <-time.After(pause):
		}
	}
}

func greets(ctx context.Context, n *link.Network) bool {
	const patience = 2 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := n.Dial(ctx, sshPort)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetReadDeadline(time.Now().Add(patience)) // a TCP connection takes one
	greeting := make([]byte, 4)
	_, err = io.ReadFull(conn, greeting)
	return err == nil && string(greeting) == "SSH-"
}
