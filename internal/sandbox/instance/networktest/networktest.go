//go:build linux

package networktest

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// inside names the variable that tells a test that it runs in a network namespace of its own.
const inside = "GOLDENAMI_TEST_NETWORK"

// Inside runs the test again in a process and network namespace of its own, and is true in there. To the
// outer test it reports how the inner one went. The namespace takes root; without, the outer test is what
// withoutRoot checks.
func Inside(t *testing.T, withoutRoot func()) bool {
	t.Helper()
	if os.Getenv(inside) == t.Name() {
		loopbackUp(t)
		return true
	}
	if os.Geteuid() != 0 {
		withoutRoot()
		return false
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=3m")
	cmd.Env = append(os.Environ(), inside+"="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()+" ") {
		t.Errorf("in a network of its own: %v\n%s", err, out)
	}
	return false
}

// loopbackUp does what a new network namespace needs for addresses in 127.0.0.0/8 and ::1.
func loopbackUp(t *testing.T) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		t.Fatal(err)
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		t.Fatal(err)
	}
}

// Host is what the listeners of [HostSSH] greet with.
const Host = "SSH-2.0-host"

// HostSSH listens where an sshd does unless told otherwise: port 22 of all addresses of both families. The
// listeners close with the function it gives, or with the test.
func HostSSH(t *testing.T) (stop func()) {
	t.Helper()
	a, b := Greet(t, Listen(t, "tcp4", "0.0.0.0:22"), Host), Greet(t, Listen(t, "tcp6", "[::]:22"), Host)
	return func() { a(); b() }
}

// Listen listens like a C program does, without Multipath TCP.
func Listen(t *testing.T, network, address string) *net.TCPListener {
	t.Helper()
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	l, err := config.Listen(t.Context(), network, address)
	if err != nil {
		t.Fatal(err)
	}
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		t.Fatalf("%s is no TCP address", address)
	}
	return tcp
}

// Greet sends the greeting to all who connect and hangs up.
func Greet(t *testing.T, l net.Listener, greeting string) (stop func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, greeting)
			_ = c.Close()
		}
	}()
	stop = func() {
		_ = l.Close() // a second time fails, and may
		<-done
	}
	t.Cleanup(stop)
	return stop
}

// Greeting is what is said first at the address, or the error of asking.
func Greeting(address string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = c.Close() }()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	said := make([]byte, 64)
	n, err := c.Read(said)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(said[:n]))
}
