//go:build e2e

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// virtualMachine is one with a kernel, a disk and a power button of its own.
// Its processor is a program, so that it runs wherever tests do: a boot takes
// from half a minute to several on a machine that is busy.
type virtualMachine struct {
	guest
	cmd   *exec.Cmd
	dir   string
	ended chan error
}

// bootLimit is for a boot beside everything else that tests start.
const bootLimit = 10 * time.Minute

func needMachines(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 || runtime.GOARCH != "amd64" {
		t.Skip("virtual machines need root, which makes their disks, and an amd64 machine")
	}
}

// machineDisk makes a disk of the root that scripts/guest-root.sh makes by that name,
// into which the keys let the user.
func machineDisk(t *testing.T, root, user string, keys ...ssh.PublicKey) string {
	t.Helper()
	var authorized bytes.Buffer
	for i, key := range keys {
		fmt.Fprintf(&authorized, "%s key%d\n", bytes.TrimSpace(ssh.MarshalAuthorizedKey(key)), i)
	}
	disk := filepath.Join(t.TempDir(), "disk")
	cmd := exec.Command("test/e2e/testdata/machine-disk.sh", root, disk, user)
	cmd.Dir, cmd.Stdin = built.root, &authorized
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make the disk: %v\n%s", err, out)
	}
	return disk
}

// power starts a machine from the disk, with the kernel of the root. What it writes
// to the disk is kept, or goes with it when it starts from an image.
func power(t *testing.T, name, root, disk, parameters string, image bool) *virtualMachine {
	t.Helper()
	port := freePort(t)
	m := &virtualMachine{guest: guest{id: name, address: "127.0.0.1", port: port}, dir: t.TempDir(), ended: make(chan error, 1)}
	args := []string{
		"30m", "qemu-system-x86_64", "-accel", "tcg", "-cpu", "qemu64", "-smp", "2", "-m", "768", "-no-reboot",
		"-display", "none", "-serial", "file:" + filepath.Join(m.dir, "console"), "-qmp", "unix:" + filepath.Join(m.dir, "qmp") + ",server,nowait",
		"-kernel", only(t, root+"/boot/vmlinuz-*"), "-initrd", only(t, root+"/boot/initrd.img-*"),
		"-append", strings.TrimSpace("root=/dev/vda ro console=ttyS0 net.ifnames=0 " + parameters),
		"-drive", "file=" + disk + ",if=virtio,format=raw,discard=unmap",
		"-netdev", "user,id=net,hostfwd=tcp:127.0.0.1:" + port + "-:22", "-device", "virtio-net-pci,netdev=net", "-device", "virtio-rng-pci",
	}
	if image {
		args = append(args, "-snapshot")
	}
	m.cmd = exec.Command("timeout", args...) // it ends the machine when the tests are killed
	m.cmd.Env = append(os.Environ(), "TMPDIR="+m.dir)
	var said lockedBuffer
	m.cmd.Stderr = &said
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		err := m.cmd.Wait()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, said.String())
		}
		m.ended <- err
	}()
	t.Cleanup(m.cut)
	return m
}

// enter logs in as soon as the machine lets it.
func (m *virtualMachine) enter(t *testing.T, user string, key ssh.Signer) {
	t.Helper()
	m.signer = key
	for end := time.Now().Add(bootLimit); m.dial(user) != nil; time.Sleep(200 * time.Millisecond) {
		select {
		case err := <-m.ended:
			m.ended <- err
			t.Fatalf("%s ended: %v\n%s", m.id, err, m.console())
		default:
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not let %s in\n%s", m.id, user, m.console())
		}
	}
	client := m.client
	t.Cleanup(func() { _ = client.Close() }) // it went with the machine
}

// button presses the machine's power button, as EC2 does when it stops an instance,
// and waits until the machine is off.
func (m *virtualMachine) button(t *testing.T) {
	t.Helper()
	conn, err := net.Dial("unix", filepath.Join(m.dir, "qmp"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }() // the machine closes it
	if _, err := io.WriteString(conn, `{"execute":"qmp_capabilities"}{"execute":"system_powerdown"}`); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-m.ended:
		m.ended <- err
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(bootLimit):
		t.Fatalf("%s is not off\n%s", m.id, m.console())
	}
}

// cut takes the machine's power away.
func (m *virtualMachine) cut() {
	_ = m.cmd.Process.Signal(os.Interrupt) // it may have ended
	err := <-m.ended
	m.ended <- err
}

// console is the end of what the machine says there.
func (m *virtualMachine) console() string {
	text, err := os.ReadFile(filepath.Join(m.dir, "console"))
	return fmt.Sprintf("%s%v", text[max(0, len(text)-4000):], errors.Join(err))
}

func only(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %q, %v", pattern, found, err)
	}
	return found[0]
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // it was only to know the port
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}
