//go:build linux

package instance

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/guest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/stage"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/vendorlayer"
)

// overlayKind are guests whose vendor image is the host itself, and whose init is this program.
var overlayKind = kind{
	name:   "overlay",
	check:  func(b *linux) error { return checkBinary(b.binary, b.base) },
	vendor: hostAsVendor, launch: launchOverlay,
	// A boot takes a fraction of a second; a slow disk below it more.
	bootLimit: 60 * time.Second,
	// Above the three seconds that the guest's pid 1 gives its programs.
	stopLimit: 6 * time.Second,
}

func hostAsVendor(s *store, dir, user string) error {
	hide := []string{s.state}
	for _, name := range []string{"HOME", "GOPATH", "GOCACHE", "GOMODCACHE", "XDG_CACHE_HOME", "PACKER_CONFIG_DIR", "PACKER_CACHE_DIR", "PACKER_PLUGIN_PATH"} {
		if v := os.Getenv(name); filepath.IsAbs(v) {
			hide = append(hide, filepath.Clean(v))
		}
	}
	return vendorlayer.Build(dir, vendorlayer.Options{Base: s.base, User: user, Hide: hide})
}

func launchOverlay(ctx context.Context, b *linux, g *guestInstance, s Spec, layers []string, l *net.TCPListener) (*guestProcess, error) {
	defer func() { _ = l.Close() }() // the guest has its own copy; ours would accept for a dead guest
	around, err := newSurroundings(ctx, s)
	if err != nil {
		return nil, err
	}
	order := stage.Boot{
		Tmpfs: b.mount, Base: b.base, Layers: layers, Dir: g.disk.dir,
		Guest: guest.Spec{ID: s.ID, Hostname: s.Hostname, User: s.User, AuthorizedKey: s.AuthorizedKey, UserData: s.UserData, Environment: around.environment},
	}
	var p *stage.Process
	err = b.tmpfs.Do(func() (err error) {
		p, err = stage.Start(order, b.program(), l)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, around.close())
	}
	await := func(_ context.Context, ended <-chan struct{}) error { return g.message(p.Ready, ended) }
	return &guestProcess{
		process: p, console: p.Console, await: await,
		release: around.close, ending: func(error) ending { return died },
	}, nil
}

// message reads the one message of the guest. A guest could send any; more than this is not believed.
func (g *guestInstance) message(ready io.Reader, ended <-chan struct{}) error {
	const longest = 64 << 10
	var m stage.Ready
	err := json.NewDecoder(io.LimitReader(ready, longest)).Decode(&m)
	if err != nil {
		<-ended
		return g.errEnded()
	}
	if m.Error != "" {
		return errors.New(m.Error)
	}
	return nil
}
