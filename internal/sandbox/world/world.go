package world

import (
	"context"
	"sync"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/clock"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world/packed"
)

// Options say how the world behaves.
type Options struct {
	// Dir keeps the state between runs; empty keeps nothing.
	Dir string
	// Delays are how long transitions take.
	Delays Delays
	// Backend runs the instances.
	Backend instance.Backend
	// Clock is the world's time; nil is the machine's.
	Clock clock.Clock
	// Seed makes ids, secrets and chances repeat; 0 draws them anew.
	Seed uint64
	// bare leaves the vendors' images out.
	bare bool
}

// World is everything that exists on the endpoint. Its zero value is of no use;
// [New] makes one.
type World struct {
	Delays  Delays
	Backend instance.Backend

	// unattended stands for the guests of Windows instances.
	unattended instance.Backend

	mu sync.RWMutex
	// saving is held by one [World.Save] at a time.
	saving sync.Mutex
	state  *State
	dir    string
	dirty  bool
	mode   mode
	words  *packed.Words
	kinds  *kinds
	// holders are what all accounts have in a Region, by the Region's name, in the
	// order of the accounts.
	holders map[string][]*Region

	clock  clock.Clock
	random *random

	// made are the ids that nobody has asked for by [World.Made].
	madeMu sync.Mutex
	made   []string

	visibleMu sync.RWMutex
	visible   visibility

	// queues are what [World.Serial] still has to do, by id.
	queues map[string][]func(ctx context.Context)
	// naps are what [World.Wake] ends, by id.
	naps map[string]context.CancelFunc
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
	// Words are those of the shelves' rows, Shelves what is packed in files of its
	// own, NextShelf the number of the next such file.
	Words     []string    `json:",omitempty"`
	Shelves   []shelfNote `json:",omitempty"`
	NextShelf int         `json:",omitempty"`
}

// New makes a world, or reads the one that Options.Dir keeps.
func New(o Options) (*World, error) {
	if o.Clock == nil {
		o.Clock = clock.Real()
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := &World{
		Delays: o.Delays, Backend: o.Backend, unattended: instance.NewNone(), dir: o.Dir, clock: o.Clock, random: newRandom(o.Seed),
		state: &State{Accounts: map[string]*Account{}}, ctx: ctx, cancel: cancel, words: packed.NewWords(nil), holders: map[string][]*Region{},
	}
	w.kinds = newKinds(w.words)
	w.firstAddress = int(w.random.below(addressSpread)) // far below the largest int
	var err error
	w.Do(func() { err = w.begin(o.bare) })
	if err != nil {
		cancel()
		return nil, err
	}
	return w, nil
}

// begin reads what was kept and adds what every world has.
func (w *World) begin(bare bool) error {
	if err := w.load(); err != nil {
		return err
	}
	w.Account(HomeAccount)
	if !bare {
		w.addVendors()
	}
	if len(w.state.Accounts[HomeAccount].AccessKeys) == 0 {
		w.Account(HomeAccount).newAccessKey(w)
	}
	return nil
}

// Do runs f alone in the world. f must not wait for anything.
func (w *World) Do(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mode.changing = true
	defer func() { w.mode.changing, w.dirty = false, true }()
	f()
}

// View runs f in the world beside other calls of View, but not beside [World.Do].
// f must not wait for anything and changes nothing: what it gets may be a copy.
func (w *World) View(f func()) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	f()
}

// Go runs f beside the callers until it returns or the world closes. f takes the
// lock by [World.Do] when it has something to change.
func (w *World) Go(f func(ctx context.Context)) {
	w.background.Add(1)
	end := w.clock.Begin()
	go func() {
		defer w.background.Done()
		defer end()
		f(w.ctx)
	}()
}

// Sleep waits for d of the world's time or until ctx ends, and tells whether d
// passed. Only what [World.Go] and [World.Serial] run may call it.
func (w *World) Sleep(ctx context.Context, d time.Duration) bool { return w.clock.Sleep(ctx, d) }

// Tick is the beginning of a call, see [clock.Clock].
func (w *World) Tick() { w.clock.Tick() }

// Advance lets time pass at once, which a virtual clock alone can.
func (w *World) Advance(d time.Duration) error { return w.clock.Advance(d) }

// Now is the world's time, in UTC.
func (w *World) Now() time.Time { return w.clock.Now() }

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
