package instance_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
)

// nextAddr keeps test instances apart from each other, and from those of other tests on this machine.
var nextAddr atomic.Int64

func addr() netip.Addr { return instance.DefaultAddr(200_000 + int(nextAddr.Add(1))) }

type keyPair struct {
	signer ssh.Signer
	line   string
}

func newKey(t *testing.T) keyPair {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{signer, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey()))) + " launch"}
}

// machine is a test's view of one instance.
type machine struct {
	t       *testing.T
	backend instance.Backend
	spec    instance.Spec
	key     keyPair
	hostKey ssh.PublicKey
	// poweredOff gets a value when the guest has powered itself off.
	poweredOff chan struct{}
}

// boot starts an instance from the layers and fails the test if it does not come up.
func boot(t *testing.T, b instance.Backend, id string, layers ...string) *machine {
	t.Helper()
	key := newKey(t)
	m := &machine{t: t, backend: b, key: key, spec: instance.Spec{
		ID: id, Hostname: "ip-" + strings.TrimPrefix(id, "i-"), Layers: layers, Addr: addr(), User: "admin", AuthorizedKey: key.line,
	}}
	m.start()
	return m
}

func (m *machine) start() {
	m.t.Helper()
	if err := m.backend.Start(m.t.Context(), m.spec); err != nil {
		m.t.Fatalf("start: %v", err)
	}
}

func (m *machine) stop() {
	m.t.Helper()
	if err := m.backend.Stop(m.t.Context(), m.spec.ID); err != nil {
		m.t.Fatalf("stop: %v", err)
	}
}

func (m *machine) dial(user string, key keyPair) (*ssh.Client, error) {
	address := netip.AddrPortFrom(m.spec.Addr, 22).String()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	c, chans, reqs, err := ssh.NewClientConn(conn, address, &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{ssh.PublicKeys(key.signer)},
		HostKeyCallback: func(_ string, _ net.Addr, k ssh.PublicKey) error {
			m.hostKey = k
			return nil
		},
	})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return ssh.NewClient(c, chans, reqs), nil
}

func (m *machine) client() *ssh.Client {
	m.t.Helper()
	c, err := m.dial("admin", m.key)
	if err != nil {
		m.t.Fatalf("log in: %v\nconsole:\n%s", err, m.backend.Console(m.spec.ID))
	}
	m.t.Cleanup(func() { _ = c.Close() })
	return c
}

type result struct {
	code        int
	out, errOut string
}

// try runs a command on a connection of its own.
func (m *machine) try(command string) result {
	m.t.Helper()
	c := m.client()
	defer func() { _ = c.Close() }()
	return run(m.t, c, command, "")
}

// must is the output of a command that succeeds.
func (m *machine) must(command string) string {
	m.t.Helper()
	r := m.try(command)
	if r.code != 0 {
		m.t.Fatalf("%s: exit %d\n%s%s", command, r.code, r.out, r.errOut)
	}
	return r.out
}

// root is must with root's rights.
func (m *machine) root(script string) string {
	m.t.Helper()
	return m.must("sudo sh -ec '" + strings.ReplaceAll(script, "'", `'\''`) + "'")
}

func run(t *testing.T, c *ssh.Client, command, input string) result {
	t.Helper()
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	var out, errOut bytes.Buffer
	s.Stdout, s.Stderr, s.Stdin = &out, &errOut, strings.NewReader(input)
	err = s.Run(command)
	var exit *ssh.ExitError
	switch {
	case errors.As(err, &exit):
		return result{exit.ExitStatus(), out.String(), errOut.String()}
	case err != nil:
		t.Fatalf("%s: %v", command, err)
	}
	return result{0, out.String(), errOut.String()}
}
