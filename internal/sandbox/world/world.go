package world

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
)

// Options say how the world behaves.
type Options struct {
	// Dir keeps the state between runs; empty keeps nothing.
	Dir string
	// Delays are how long transitions take.
	Delays Delays
	// Backend runs the instances.
	Backend instance.Backend
	// Now is the clock; nil is the machine's.
	Now func() time.Time
}

// World is everything that exists on the endpoint. Its zero value is of no use;
// [New] makes one.
type World struct {
	Delays  Delays
	Backend instance.Backend

	mu    sync.Mutex
	state *State
	dir   string
	now   func() time.Time
	dirty bool

	// tails are the ends of the queues of [World.Serial].
	tails map[string]chan struct{}
	// firstAddress is where this run's instances begin in the loopback network.
	firstAddress int
	background   sync.WaitGroup
	ctx          context.Context
	cancel       context.CancelFunc
}

// addressSpread keeps the first addresses of worlds apart: enough places that two
// rarely choose the same stretch.
const addressSpread = 10_000_000

// State is what is kept between runs.
type State struct {
	Accounts map[string]*Account
	// NextAddress numbers the loopback addresses given to instances.
	NextAddress int
}

// New makes a world, or reads the one that Options.Dir keeps.
func New(o Options) (*World, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := &World{
		Delays: o.Delays, Backend: o.Backend, dir: o.Dir, now: o.Now,
		state: &State{Accounts: map[string]*Account{}}, ctx: ctx, cancel: cancel, firstAddress: randomInt(addressSpread),
	}
	if err := w.load(); err != nil {
		cancel()
		return nil, err
	}
	w.addVendors()
	if len(w.state.Accounts[HomeAccount].AccessKeys) == 0 {
		w.Account(HomeAccount).newAccessKey(w)
	}
	return w, nil
}

// Do runs f alone in the world. f must not wait for anything.
func (w *World) Do(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
	w.dirty = true
}

// Go runs f beside the callers until it returns or the world closes. f takes the
// lock by [World.Do] when it has something to change.
func (w *World) Go(f func(ctx context.Context)) {
	w.background.Add(1)
	go func() {
		defer w.background.Done()
		f(w.ctx)
	}()
}

// Sleep waits for d or until the world closes, and tells whether d passed.
func (w *World) Sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Now is the world's time, in UTC.
func (w *World) Now() time.Time { return w.now().UTC() }

// Close ends what runs in the background, stops the instances, and saves.
func (w *World) Close() error {
	w.cancel()
	w.background.Wait()
	var err error
	w.Do(func() { w.powerOff() })
	if w.Backend != nil {
		err = w.Backend.Close()
	}
	if saveErr := w.Save(); err == nil {
		err = saveErr
	}
	return err
}

// NewID makes an id as EC2 does: prefix, dash, 17 hexadecimal digits.
func (w *World) NewID(prefix string) string { return prefix + "-" + randomHex(17) }

func randomHex(digits int) string {
	b := make([]byte, (digits+1)/2)
	_, _ = rand.Read(b) // never fails since Go 1.24
	return hex.EncodeToString(b)[:digits]
}

// randomInt is a number from 0 to below n, as even as placing addresses needs.
func randomInt(n uint32) int {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return int(binary.BigEndian.Uint32(b[:]) % n)
}
