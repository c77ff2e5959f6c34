//go:build linux

package instance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/hold"
)

// linux is the backend of real guests, of either kind.
type linux struct {
	kind   kind
	base   string
	binary *os.File // this program, to be copied for each guest
	size   int64
	lock   *os.File // held on the state directory
	tmpfs  *hold.Thread
	mount  string // where the tmpfs is, for guests only
	store  *store

	addresses addresses
	followed  sync.WaitGroup // guests whose end is waited for

	mu        sync.Mutex
	instances map[string]*guestInstance
	closed    bool
}

// NewLinux gives the backend of guests that share the host's programs. It keeps layers, and after Close disks,
// in stateDir, which it makes if missing and which one backend at a time may use. Guests see baseDir, read only,
// below all else. Where guests cannot run it fails with what [Supported] says.
func NewLinux(stateDir, baseDir string) (Backend, error) {
	if err := Supported(); err != nil {
		return nil, err
	}
	return newLinux(overlayKind, stateDir, baseDir)
}

func newLinux(k kind, stateDir, baseDir string) (Backend, error) {
	state, err := realDir(stateDir, true)
	if err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	base, err := realDir(baseDir, false)
	if err != nil {
		return nil, fmt.Errorf("base: %w", err)
	}
	if err := checkBase(base); err != nil {
		return nil, err
	}
	b := &linux{kind: k, base: base, mount: filepath.Join(state, "run"), instances: map[string]*guestInstance{}}
	if err := b.open(state); err != nil {
		return nil, errors.Join(err, b.release())
	}
	return b, nil
}

func (b *linux) open(state string) error {
	if err := os.MkdirAll(b.mount, 0o700); err != nil {
		return err
	}
	lock, err := os.OpenFile(filepath.Join(state, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	b.lock = lock
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("state directory %s is in use by another process: %w", state, err)
	}
	if err := claimState(state, b.kind.name); err != nil {
		return err
	}
	if b.binary, err = os.Open("/proc/self/exe"); err != nil {
		return err
	}
	st, err := b.binary.Stat()
	if err != nil {
		return err
	}
	b.size = st.Size()
	if err := b.kind.check(b); err != nil {
		return err
	}
	if b.tmpfs, err = hold.New(b.mount); err != nil {
		return err
	}
	if b.store, err = openStore(state, b.base, b.tmpfs.Path(), b.kind.vendor); err != nil {
		return err
	}
	disks, err := b.store.disks()
	if err != nil {
		return err
	}
	for id, d := range disks {
		b.instances[id] = &guestInstance{id: id, disk: d, console: &ring{}}
	}
	return nil
}

func (b *linux) release() error {
	var errs []error
	if b.store != nil {
		errs = append(errs, b.store.close())
	}
	if b.tmpfs != nil {
		errs = append(errs, b.tmpfs.Close())
	}
	errs = append(errs, b.addresses.close())
	for _, f := range []*os.File{b.binary, b.lock} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

func realDir(dir string, create bool) (string, error) {
	if dir == "" {
		return "", errors.New("no name given")
	}
	if create {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", err
		}
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

// checkBase refuses a base that an overlay would show in part only: it takes one file system, and what is
// mounted below the base is not in it.
func checkBase(base string) error {
	var root unix.Stat_t
	if err := unix.Stat(base, &root); err != nil {
		return fmt.Errorf("base %s: %w", base, err)
	}
	for _, name := range []string{"usr", "etc", "var", "var/lib", "usr/bin", "usr/lib"} {
		var st unix.Stat_t
		if err := unix.Lstat(filepath.Join(base, name), &st); err != nil {
			return fmt.Errorf("base %s: %w: a root file system is needed", base, err)
		}
		if st.Dev != root.Dev {
			return fmt.Errorf("base %s: /%s is a file system of its own, which guests would see empty: give a directory with --base", base, name)
		}
	}
	return nil
}

// find gives the instance, or makes it.
func (b *linux) find(id string, create bool) (*guestInstance, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, errClosed
	}
	g, ok := b.instances[id]
	if !ok && create {
		g = &guestInstance{id: id, console: &ring{}}
		b.instances[id] = g
		ok = true
	}
	if !ok {
		return nil, fmt.Errorf("instance %s is not known here", id)
	}
	return g, nil
}

func (b *linux) Start(ctx context.Context, s Spec) error {
	if err := s.check(); err != nil {
		return err
	}
	g, err := b.find(s.ID, true)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := b.boot(ctx, g, s); err != nil {
		return fmt.Errorf("start instance %s: %w", s.ID, err)
	}
	return nil
}

func (b *linux) Stop(ctx context.Context, id string) error {
	g, err := b.find(id, false)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.shutdown(ctx, b.kind.stopLimit); err != nil {
		return fmt.Errorf("stop instance %s: %w", id, err)
	}
	return nil
}

func (b *linux) Terminate(_ context.Context, id string) error {
	g, err := b.find(id, false)
	if errors.Is(err, errClosed) {
		return err
	}
	if err != nil {
		return nil // an unknown instance is as terminated as it can be
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.kill()
	if err := b.store.dropDisk(id, g.disk); err != nil {
		return fmt.Errorf("terminate instance %s: %w", id, err)
	}
	g.disk, g.gone = nil, true
	b.mu.Lock()
	delete(b.instances, id)
	b.mu.Unlock()
	return nil
}

func (b *linux) Commit(ctx context.Context, id, layerID string) (int64, error) {
	if err := checkID("layer", layerID); err != nil {
		return 0, err
	}
	g, err := b.find(id, false)
	if err != nil {
		return 0, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.disk == nil {
		return 0, fmt.Errorf("instance %s has no disk: it was never started", id)
	}
	n, err := b.store.commit(ctx, g.disk, id, layerID)
	if err != nil {
		return 0, fmt.Errorf("commit instance %s to layer %s: %w", id, layerID, err)
	}
	return n, nil
}

func (b *linux) DeleteLayer(layerID string) error {
	if err := checkID("layer", layerID); err != nil {
		return err
	}
	return b.store.deleteLayer(layerID)
}

func (b *linux) Console(id string) []byte {
	g, err := b.find(id, false)
	if err != nil {
		return nil
	}
	return g.console.bytes()
}

func (b *linux) Close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil
	}
	b.closed = true
	b.mu.Unlock()
	var wg sync.WaitGroup
	errs := make(chan error, len(b.instances))
	for _, g := range b.instances {
		wg.Go(func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			if err := g.shutdown(context.Background(), b.kind.stopLimit); err != nil {
				errs <- fmt.Errorf("stop instance %s: %w", g.id, err)
				return
			}
			if g.disk != nil {
				errs <- b.store.saveDisk(g.id, g.disk)
			}
		})
	}
	wg.Wait()
	b.followed.Wait()
	close(errs)
	var all []error
	for err := range errs {
		all = append(all, err)
	}
	return errors.Join(append(all, b.release())...)
}

// program is what guests are started from.
func (b *linux) program() *io.SectionReader { return io.NewSectionReader(b.binary, 0, b.size) }
