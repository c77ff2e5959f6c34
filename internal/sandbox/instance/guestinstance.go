//go:build linux

package instance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/guest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/stage"
)

const (
	sshPort = 22
	// bootLimit ends a boot that hangs. A boot takes a fraction of a second; a slow disk below it more.
	bootLimit = 60 * time.Second
	// stopLimit is above the three seconds that the guest's pid 1 gives its programs.
	stopLimit = 6 * time.Second
)

// guestInstance is one instance from its first Start to its Terminate. Its mutex is held during each operation.
type guestInstance struct {
	id      string
	console *ring

	mu      sync.Mutex
	disk    *disk // nil before the first Start
	gone    bool  // terminated: an operation that waited for the mutex comes too late
	process *stage.Process
	ended   chan struct{} // closed when nothing of the process runs any more
}

func (g *guestInstance) running() bool {
	if g.process == nil {
		return false
	}
	select {
	case <-g.ended:
		return false
	default:
		return true
	}
}

// boot runs the guest until it says that it is up.
func (b *linux) boot(ctx context.Context, g *guestInstance, s Spec) error {
	if g.gone {
		return errors.New("it was terminated meanwhile")
	}
	if g.running() {
		return errors.New("it is running")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	l, claim, err := b.addresses.listen(ctx, s.Addr)
	if err != nil {
		return err
	}
	p, err := b.spawn(g, s, l)
	_ = l.Close() // the guest has its own copy; ours would accept for a dead guest
	if err != nil {
		return errors.Join(err, claim.Close())
	}
	g.follow(p, claim)
	if err := g.await(ctx); err != nil {
		g.kill()
		return err
	}
	return nil
}

// spawn prepares the disk and starts the guest's first process.
func (b *linux) spawn(g *guestInstance, s Spec, l *net.TCPListener) (p *stage.Process, err error) {
	if g.disk == nil {
		if g.disk, err = b.store.newDisk(s.Layers); err != nil {
			return nil, err
		}
	}
	layers, err := b.store.prepare(g.id, g.disk, s.User)
	if err != nil {
		return nil, err
	}
	order := stage.Boot{
		Tmpfs: b.mount, Base: b.base, Layers: layers, Dir: g.disk.dir,
		Guest: guest.Spec{ID: s.ID, Hostname: s.Hostname, User: s.User, AuthorizedKey: s.AuthorizedKey, UserData: s.UserData},
	}
	err = b.tmpfs.Do(func() error {
		p, err = stage.Start(order, b.program(), l)
		return err
	})
	return p, err
}

// follow collects the console and waits for the end, when the address is free again.
func (g *guestInstance) follow(p *stage.Process, claim io.Closer) {
	ended := make(chan struct{})
	g.process, g.ended = p, ended
	var output sync.WaitGroup
	output.Go(func() { _, _ = io.Copy(g.console, p.Console) })
	go func() {
		defer close(ended)
		if err := p.Wait(); err != nil {
			_, _ = fmt.Fprintf(g.console, "guest ended: %v\n", err)
		}
		output.Wait() // all writers are dead
		_ = p.Console.Close()
		_ = claim.Close()
	}()
}

// await reads the one message of the guest. A guest could send any; more than this is not believed.
func (g *guestInstance) await(ctx context.Context) error {
	const longest = 64 << 10
	ctx, cancel := context.WithTimeout(ctx, bootLimit)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = g.process.Kill() })()
	var m stage.Ready
	err := json.NewDecoder(io.LimitReader(g.process.Ready, longest)).Decode(&m)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("boot: %w", ctx.Err())
	case err != nil:
		<-g.ended
		return fmt.Errorf("the guest ended while booting; its console:\n%s", g.console.bytes())
	case m.Error != "":
		return errors.New(m.Error)
	}
	return nil
}

// shutdown ends the guest in order, or at the limit or the end of the context without.
func (g *guestInstance) shutdown(ctx context.Context) error {
	if !g.running() {
		return nil
	}
	if err := g.process.Stop(); err != nil {
		g.kill()
		return nil // it died meanwhile
	}
	limit := time.NewTimer(stopLimit)
	defer limit.Stop()
	select {
	case <-g.ended:
	case <-limit.C:
		g.kill()
	case <-ctx.Done():
		g.kill()
		return ctx.Err()
	}
	return nil
}

func (g *guestInstance) kill() {
	if !g.running() {
		return
	}
	_ = g.process.Kill() // fails only if it is dead
	<-g.ended
}
