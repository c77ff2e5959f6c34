//go:build linux

package steer_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/networktest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/steer"
)

// unprivileged names the variable that makes the test binary try New once and print what it says.
const unprivileged = "GOLDENAMI_TEST_UNPRIVILEGED"

func TestMain(m *testing.M) {
	if os.Getenv(unprivileged) != "" {
		_, err := steer.New(22)
		fmt.Println(err)
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// alone is whether the test runs in a network of its own, with root's rights, and shall go on.
func alone(t *testing.T) bool {
	t.Helper()
	return networktest.Inside(t, func() {
		if _, err := steer.New(22); !errors.Is(err, unix.EPERM) {
			t.Errorf("New without root's rights: %v, want EPERM", err)
		}
	})
}

func newProgram(t *testing.T) *steer.Program {
	t.Helper()
	p, err := steer.New(22)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// add steers port 22 of the address to a new listener that greets with the name.
func add(t *testing.T, p *steer.Program, address, name string) (stop func()) {
	t.Helper()
	l := networktest.Listen(t, "tcp4", address+":0")
	if err := p.Add(netip.MustParseAddr(address), l); err != nil {
		t.Fatal(err)
	}
	return networktest.Greet(t, l, name)
}

func want(t *testing.T, when string, greetings map[string]string) {
	t.Helper()
	for address, greeting := range greetings {
		if got := networktest.Greeting(address); got != greeting {
			t.Errorf("%s: %s answers %q, want %q", when, address, got, greeting)
		}
	}
}

func TestOnlyTheAddedAddressesAreSteered(t *testing.T) {
	t.Parallel()
	if !alone(t) {
		return
	}
	networktest.HostSSH(t)
	networktest.Greet(t, networktest.Listen(t, "tcp4", "0.0.0.0:23"), "telnet")
	p := newProgram(t)
	want(t, "empty", map[string]string{"127.1.0.1:22": networktest.Host})
	stop := add(t, p, "127.1.0.1", "a")
	add(t, p, "127.1.0.2", "b")
	want(t, "two added", map[string]string{
		"127.1.0.1:22": "a", "[::ffff:127.1.0.1]:22": "a", "127.1.0.2:22": "b",
		"127.0.0.1:22": networktest.Host, "127.1.0.3:22": networktest.Host, "[::1]:22": networktest.Host,
		"127.1.0.1:23": "telnet",
	})
	stop()
	want(t, "one closed", map[string]string{"127.1.0.1:22": networktest.Host, "127.1.0.2:22": "b"})
	add(t, p, "127.1.0.1", "a again")
	want(t, "added again", map[string]string{"127.1.0.1:22": "a again", "127.1.0.2:22": "b"})
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	want(t, "closed", map[string]string{"127.1.0.1:22": networktest.Host, "127.1.0.2:22": networktest.Host})
}

func TestDatagramsAreLeftAlone(t *testing.T) {
	t.Parallel()
	if !alone(t) {
		return
	}
	p := newProgram(t)
	defer func() { _ = p.Close() }()
	add(t, p, "127.1.0.1", "a")
	at, err := net.ListenPacket("udp4", "0.0.0.0:22")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = at.Close() }()
	c, err := net.Dial("udp4", "127.1.0.1:22")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 16)
	n, _, err := at.ReadFrom(said)
	if err != nil || string(said[:n]) != "hello" {
		t.Errorf("got %q, %v", said[:n], err)
	}
}

func TestProgramsSideBySide(t *testing.T) {
	t.Parallel()
	if !alone(t) {
		return
	}
	networktest.HostSSH(t)
	p, q := newProgram(t), newProgram(t)
	add(t, p, "127.1.0.1", "p")
	add(t, q, "127.1.0.2", "q")
	want(t, "both", map[string]string{"127.1.0.1:22": "p", "127.1.0.2:22": "q", "127.1.0.3:22": networktest.Host})
	add(t, q, "127.1.0.1", "q")
	want(t, "the later program decides", map[string]string{"127.1.0.1:22": "q"})
	if err := q.Close(); err != nil {
		t.Error(err)
	}
	want(t, "one closed", map[string]string{"127.1.0.1:22": "p", "127.1.0.2:22": networktest.Host})
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestWhatCannotBeAdded(t *testing.T) {
	t.Parallel()
	if !alone(t) {
		return
	}
	p := newProgram(t)
	defer func() { _ = p.Close() }()
	l := networktest.Listen(t, "tcp4", "127.1.0.1:0")
	defer func() { _ = l.Close() }()
	if err := p.Add(netip.IPv6Loopback(), l); err == nil || !strings.Contains(err.Error(), "not an IPv4 address") {
		t.Errorf("an IPv6 address: %v", err)
	}
	address := netip.MustParseAddr("127.2.0.0")
	for range steer.Capacity {
		if err := p.Add(address, l); err != nil {
			t.Fatal(err)
		}
		address = address.Next()
	}
	if err := p.Add(address, l); !errors.Is(err, unix.E2BIG) || !strings.Contains(err.Error(), strconv.Itoa(steer.Capacity)) {
		t.Errorf("one too many: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.Add(address, l); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a closed listener: %v", err)
	}
	add(t, p, address.String(), "room again") // all entries of the closed one are gone
}

func TestHoldersAreNamed(t *testing.T) {
	t.Parallel()
	if !alone(t) {
		return
	}
	if got, err := steer.Holders(22); len(got) != 0 || err != nil {
		t.Errorf("a free port: %v, %v", got, err)
	}
	networktest.Greet(t, networktest.Listen(t, "tcp4", "0.0.0.0:2222"), "")
	stop := networktest.HostSSH(t)
	comm, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	self := strings.TrimSpace(string(comm)) + " (process " + strconv.Itoa(os.Getpid()) + ")"
	got, err := steer.Holders(22)
	if err != nil || len(got) != 2 || got[0].String() != self+" on 0.0.0.0" || got[1].String() != self+" on ::" {
		t.Errorf("got %v, %v", got, err)
	}
	stop()
	networktest.Greet(t, networktest.Listen(t, "tcp4", "127.1.2.3:22"), "")
	networktest.Greet(t, networktest.Listen(t, "tcp6", "[::1]:22"), "")
	got, err = steer.Holders(22)
	if err != nil || len(got) != 2 || got[0].Addr.String() != "127.1.2.3" || got[1].Addr.String() != "::1" {
		t.Errorf("got %v, %v", got, err)
	}
}

// A user namespace gives all rights over its own network, but not the right to load programs.
func TestNewSaysWhichRightIsMissing(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = append(os.Environ(), unprivileged+"=1")
	if os.Geteuid() == 0 { // others lack the right as they are
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1}},
		}
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "not permitted") || !strings.Contains(string(out), "CAP_BPF") {
		t.Errorf("got %s, %v", out, err)
	}
}
