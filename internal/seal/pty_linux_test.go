package seal_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// terminal gives both ends of a new pseudo-terminal, as sshd makes one.
func terminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	master = os.NewFile(uintptr(fd), "/dev/ptmx")
	t.Cleanup(func() { _ = master.Close() })
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// With ssh_pty = true the program is typed into a terminal, which echoes it and
// ends lines with two bytes; an interactive shell would complete every tab.
func TestSealOverATerminal(t *testing.T) {
	t.Parallel()
	root := sealtest.Plant(t)
	o := options(t, root, seal.ModeSeal)
	text, err := seal.Program(o)
	if err != nil {
		t.Fatal(err)
	}
	master, slave := terminal(t)
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", seal.Launcher)
	// Not everybody who tests is root; the planted root needs none.
	cmd.Env = []string{"PATH=" + asRoot(t) + ":/usr/bin:/bin", "HOME=" + t.TempDir()}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = slave.Close() // the child has it
	parser, read := seal.NewParser(o), make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(parser, master) // ends with EIO when the child has gone
	}()
	if _, err := io.Copy(master, strings.NewReader(text)); err != nil {
		t.Error(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	<-read
	if report := parser.Report(); report.Err() != nil {
		t.Errorf("%v, %v", report.Err(), exit)
	}
	for _, wrong := range sealtest.Sealed(t, root) {
		t.Error(wrong)
	}
}
