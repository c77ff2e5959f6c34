//go:build linux

package instance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

const sshPort = 22

// kind is what differs between guests that share the host's programs and guests that boot.
type kind struct {
	name string // in the state directory
	// check tells why the backend's base cannot be this kind's.
	check func(b *linux) error
	// vendor builds the layer that makes the base the vendor's image with a default user.
	vendor func(s *store, dir, user string) error
	// launch starts a guest from its prepared disk. It takes the listener over.
	launch func(ctx context.Context, b *linux, g *guestInstance, s Spec, layers []string, l *net.TCPListener) (*guestProcess, error)
	// bootLimit ends a boot that hangs, stopLimit a shutdown.
	bootLimit, stopLimit time.Duration
}

// process is the first one of a guest.
type process interface {
	// Stop asks for an orderly end.
	Stop() error
	// Kill ends the guest at once.
	Kill() error
	// Wait returns when nothing of the guest runs any more.
	Wait() error
}

// guestProcess is a started guest.
type guestProcess struct {
	process
	console io.ReadCloser
	// await returns when the guest is up, or why it is not, or when it has ended: then ended is closed.
	await func(ctx context.Context, ended <-chan struct{}) error
	// release frees what the guest had of the host, after its end.
	release func() error
	// ending tells what the result of Wait says of a guest that was not asked to end.
	ending func(err error) ending
}

// ending is how a guest ended by itself.
type ending int

const (
	died ending = iota
	poweredOff
	rebooted
)

// guestInstance is one instance from its first Start to its Terminate. Its mutex is held during each operation.
type guestInstance struct {
	id      string
	console *ring

	mu      sync.Mutex
	disk    *disk // nil before the first Start
	gone    bool  // terminated: an operation that waited for the mutex comes too late
	wanted  bool  // started, and not asked to end since
	process *guestProcess
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
	p, err := b.spawn(ctx, g, s, l)
	if err != nil {
		return errors.Join(err, claim.Close())
	}
	g.wanted = true
	b.follow(g, s, p, claim) //nolint:contextcheck // it lasts as long as the guest, not as its start
	if err := g.await(ctx, b.kind.bootLimit); err != nil {
		g.kill()
		return err
	}
	return nil
}

// spawn prepares the disk and starts the guest's first process.
func (b *linux) spawn(ctx context.Context, g *guestInstance, s Spec, l *net.TCPListener) (*guestProcess, error) {
	layers, err := b.disk(g, s)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return b.kind.launch(ctx, b, g, s, layers, l)
}

// disk gives the directories of the layers below the instance's own, bottom first.
func (b *linux) disk(g *guestInstance, s Spec) ([]string, error) {
	if g.disk == nil {
		var err error
		if g.disk, err = b.store.newDisk(s.Layers); err != nil {
			return nil, err
		}
	}
	return b.store.prepare(g.id, g.disk, s.User)
}

// follow collects the console and waits for the end, when the address is free again.
func (b *linux) follow(g *guestInstance, s Spec, p *guestProcess, claim io.Closer) {
	ended := make(chan struct{})
	g.process, g.ended = p, ended
	var output sync.WaitGroup
	output.Go(func() { _, _ = io.Copy(g.console, p.console) })
	b.followed.Go(func() {
		err := p.Wait()
		output.Wait() // all writers are dead
		_ = p.console.Close()
		end := p.ending(err)
		if err != nil && end == died {
			_, _ = fmt.Fprintf(g.console, "guest ended: %v\n", err)
		}
		if err := p.release(); err != nil {
			_, _ = fmt.Fprintf(g.console, "after the guest: %v\n", err)
		}
		_ = claim.Close()
		close(ended)
		b.ended(g, s, end)
	})
}

// ended does what a guest that nobody asked to end has asked for by the way it did.
func (b *linux) ended(g *guestInstance, s Spec, end ending) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.wanted || g.running() {
		return
	}
	switch end {
	case rebooted:
		if _, err := b.find(g.id, false); err != nil {
			return // the backend is closed
		}
		if err := b.boot(context.Background(), g, s); err != nil {
			_, _ = fmt.Fprintf(g.console, "reboot: %v\n", err)
		}
	case poweredOff:
		g.wanted = false
		if s.PoweredOff != nil {
			s.PoweredOff()
		}
	case died:
	}
}

// await waits until the guest is up.
func (g *guestInstance) await(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = g.process.Kill() })()
	err := g.process.await(ctx, g.ended)
	if ctx.Err() != nil {
		return fmt.Errorf("boot: %w", ctx.Err())
	}
	return err
}

// errEnded tells of a guest that did not come up.
func (g *guestInstance) errEnded() error {
	return fmt.Errorf("the guest ended while booting; its console:\n%s", g.console.bytes())
}

// shutdown ends the guest in order, or at the limit or the end of the context without.
func (g *guestInstance) shutdown(ctx context.Context, most time.Duration) error {
	g.wanted = false
	if !g.running() {
		return nil
	}
	if err := g.process.Stop(); err != nil {
		g.kill()
		return nil // it died meanwhile
	}
	limit := time.NewTimer(most)
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
	g.wanted = false
	if !g.running() {
		return
	}
	_ = g.process.Kill() // fails only if it is dead
	<-g.ended
}
