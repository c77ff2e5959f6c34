//go:build linux

package guest

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/guest/sshd"
)

// Spec is what the metadata service would tell the instance.
type Spec struct {
	ID, Hostname, User, AuthorizedKey string
	UserData                          []byte
	Environment                       []string // of the scripts of user data, beside cloud-init's own
}

// farewell is how long the SSH server may tell its clients how their commands ended. It is below the grace
// that stage one gives.
const farewell = 2 * time.Second

// Run boots the guest whose root is /, calls ready when SSH accepts on l, and returns when it was told to
// shut down.
func Run(s Spec, l net.Listener, ready func() error) error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP, syscall.SIGPIPE)
	b := &boot{Spec: s, root: "/"}
	if err := b.local(); err != nil {
		return err
	}
	b.log("instance-id %s, new: %t", s.ID, b.fresh)
	if b.fresh {
		if err := b.perInstance(); err != nil {
			return err
		}
	}
	if err := b.everyBoot(); err != nil {
		return err
	}
	server, err := sshd.New(b.root)
	if err != nil {
		// As with a broken sshd unit, the machine is up and SSH is not.
		b.log("sshd: %v", err)
		_ = l.Close()
	} else {
		go server.Serve(l)
	}
	if err := ready(); err != nil {
		return fmt.Errorf("tell that the boot is done: %w", err)
	}
	go b.final()
	<-stop
	b.log("shutting down")
	if server != nil {
		server.Shutdown(farewell)
	}
	return nil
}
