package instance

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"regexp"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/imds"
)

// Spec is what EC2 knows about an instance when it boots.
type Spec struct {
	ID            string     // instance id; the disk is kept under it from Start to Terminate
	Hostname      string     // without a domain; empty means the id
	Layers        []string   // layer ids of the image, bottom first; empty is the vendor image, the base alone
	Addr          netip.Addr // the loopback address whose port 22 reaches this instance
	User          string     // the image's default user, such as admin or ec2-user
	AuthorizedKey string     // OpenSSH line of the launch key pair; may be empty
	UserData      []byte     // as the instance sees it, after base64
	// Metadata gives what the instance metadata service tells beside the fields above, at the time of each
	// request. Guests that boot need it.
	Metadata func() imds.Metadata
	// Endpoint is where a guest that shares the host's network finds AWS; empty where it finds none.
	Endpoint string
	// PoweredOff is called when the guest has powered itself off, which only one that has booted can. One that
	// reboots itself is started again without a word. It must not call the backend, nor wait for something that does.
	PoweredOff func()
}

// Backend is a place where instances run. All methods may be called concurrently.
type Backend interface {
	// Start boots the instance, for the first time or again after Stop, and returns when its SSH server
	// accepts on port 22 of Addr. An image without host keys boots too, but no SSH server comes up in it
	// on a later boot, as on Debian. A failed Start leaves nothing running.
	Start(ctx context.Context, s Spec) error
	// Stop shuts down: SIGTERM to all, three seconds, SIGKILL; or, where the guest has booted, by its init, with
	// two minutes until it is killed. The disk stays.
	Stop(ctx context.Context, id string) error
	// Terminate kills the instance and drops its disk. An unknown id is no error.
	Terminate(ctx context.Context, id string) error
	// Commit makes a layer of the instance's own changes, on disk when it returns, and gives the bytes of
	// file content in it. It works on a stopped instance and, like a no-reboot image, on a running one.
	Commit(ctx context.Context, id, layerID string) (bytes int64, err error)
	// DeleteLayer forgets a layer. Instances that use it keep it until they are terminated.
	DeleteLayer(layerID string) error
	// Console gives the last 64 KiB of what the guest's init wrote since the instance was made.
	Console(id string) []byte
	// Close stops all instances, writes the disks of those not terminated to the state directory and
	// leaves nothing mounted.
	Close() error
}

var errClosed = errors.New("instance backend is closed")

// idForm keeps ids usable as file names.
var idForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$`)

func checkID(kind, id string) error {
	if !idForm.MatchString(id) {
		return fmt.Errorf("%s id %q: want letters, digits, dot, dash or underscore, at most 128", kind, id)
	}
	return nil
}

// userForm is what useradd accepts on Debian; the name ends in passwd, sudoers and a path.
var userForm = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,31}$`)

// hostForm is one DNS label.
var hostForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

func (s *Spec) check() error {
	if err := checkID("instance", s.ID); err != nil {
		return err
	}
	for _, l := range s.Layers {
		if err := checkID("layer", l); err != nil {
			return err
		}
	}
	if s.Hostname == "" {
		s.Hostname = s.ID
	}
	switch {
	case !hostForm.MatchString(s.Hostname):
		return fmt.Errorf("instance %s: host name %q is not one DNS label", s.ID, s.Hostname)
	case !userForm.MatchString(s.User):
		return fmt.Errorf("instance %s: default user %q: want lower-case letters, digits, dash or underscore", s.ID, s.User)
	case !s.Addr.Is4() || !s.Addr.IsLoopback():
		return fmt.Errorf("instance %s: address %s is not in 127.0.0.0/8", s.ID, s.Addr)
	}
	return nil
}

// perBlock leaves out .0 and .255 in each block of 256 loopback addresses: some resolvers and the kernel's
// broadcast handling give them a meaning.
const perBlock = 254

// DefaultAddr gives the n-th loopback address for instances, from 127.1.0.1 on. The whole of 127.0.0.0/16 is
// left to the host: 127.0.0.1, 127.0.0.53 (systemd-resolved), 127.0.1.1 (Debian's own name) live there.
// Addresses repeat after 255*256*254 of them.
func DefaultAddr(n int) netip.Addr {
	const blocks = 255 * 256
	i := uint(n) % (blocks * perBlock) // a negative n wraps to a valid address
	block, host := i/perBlock, i%perBlock+1
	return netip.AddrFrom4([4]byte{127, byte(1 + block/256), byte(block % 256), byte(host)}) // all parts are below 256
}
