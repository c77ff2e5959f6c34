//go:build linux

package instance_test

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

// ownNetwork names the variable that tells a test that it runs in a network namespace of its own.
const ownNetwork = "GOLDENAMI_TEST_NETWORK"

// inOwnNetwork runs the test again in a new network namespace, where port 22 is the test's to take, and
// is true in there. To the outer test it reports how the inner one went. Making the namespace takes root;
// without, it checks that guests are refused for that reason.
func inOwnNetwork(t *testing.T) bool {
	t.Helper()
	if os.Getenv(ownNetwork) != "" {
		loopbackUp(t)
		return true
	}
	if os.Geteuid() != 0 {
		linux(t, t.TempDir())
		return false
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=3m")
	cmd.Env = append(os.Environ(), ownNetwork+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	out, err := cmd.CombinedOutput()
	t.Logf("in a network of its own:\n%s", out)
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()+" ") {
		t.Errorf("the test in a network of its own: %v", err)
	}
	return false
}

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

// hostBanner is what the listener that stands for the host's sshd says.
const hostBanner = "SSH-2.0-host\r\n"

// hostSSH listens where an sshd does by default, on all addresses of both families.
func hostSSH(t *testing.T) {
	t.Helper()
	for network, address := range map[string]string{"tcp4": "0.0.0.0:22", "tcp6": "[::]:22"} {
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = io.WriteString(c, hostBanner)
				_ = c.Close()
			}
		}()
		t.Cleanup(func() {
			_ = l.Close()
			<-done
		})
	}
}

// banner is what the SSH server at the address says first, or the error of asking.
func banner(t *testing.T, address string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = c.Close() }()
	deadline, _ := ctx.Deadline()
	if err := c.SetReadDeadline(deadline); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 64)
	n, err := c.Read(said)
	if err != nil {
		return err.Error()
	}
	return string(said[:n])
}
