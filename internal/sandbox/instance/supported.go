//go:build linux

package instance

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/hold"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/machine"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/stage"
)

// MaybeGuest runs a guest stage and does not return if this process was started as one. It is the first line
// of main, and of TestMain, in each program that uses [NewLinux] or [NewBooted].
func MaybeGuest() {
	stage.Maybe()
	machine.Maybe()
}

const without = `; or use --instances none with communicator = "none"`

// Supported gives nil where guests can run, else why not and what to do. It tries out what can be tried
// without a trace: an overlay in a mount namespace of its own and, where another process has port 22 of all
// addresses, steering connections past it.
func Supported() error { return supported() }

var supported = sync.OnceValue(func() error {
	if os.Geteuid() != 0 {
		return errors.New("instances need root: run this with sudo" + without)
	}
	if text, err := os.ReadFile("/proc/sys/user/max_user_namespaces"); err != nil || strings.TrimSpace(string(text)) == "0" {
		return errors.New("instances need user namespaces: set sysctl user.max_user_namespaces to 10000" + without)
	}
	if text, err := os.ReadFile("/proc/sys/vm/memfd_noexec"); err == nil && strings.TrimSpace(string(text)) == "2" {
		return errors.New("instances run their init from a memory file: set sysctl vm.memfd_noexec to 1 or 0" + without)
	}
	dir, err := os.MkdirTemp("", "goldenami-probe-")
	if err != nil {
		return fmt.Errorf("instances need a temporary directory: %w", err)
	}
	defer func() { _ = os.Remove(dir) }()
	t, err := hold.New(dir)
	if err != nil {
		return fmt.Errorf("instances need mount namespaces: %w; run as root with CAP_SYS_ADMIN, in a container with --privileged%s", err, without)
	}
	err = t.Do(func() error { return tryOverlay(dir) })
	if err := errors.Join(err, t.Close()); err != nil {
		return fmt.Errorf("instances need overlayfs: %w; load it with modprobe overlay%s", err, without)
	}
	if err := tryAddress(); err != nil {
		return fmt.Errorf("instances need port %d of their loopback addresses: %w%s", sshPort, err, without)
	}
	return nil
})

func tryOverlay(dir string) error {
	for _, d := range []string{"l", "u", "w", "m"} {
		if err := os.Mkdir(dir+"/"+d, 0o700); err != nil {
			return err
		}
	}
	options := fmt.Sprintf("lowerdir=%[1]s/l,upperdir=%[1]s/u,workdir=%[1]s/w,redirect_dir=on,index=off,metacopy=off", dir)
	return unix.Mount("overlay", dir+"/m", "overlay", unix.MS_NODEV, options)
}
