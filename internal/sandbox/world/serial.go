package world

import (
	"context"
	"time"
)

// Serial runs f beside the callers, after every earlier f of the same id has
// returned: what happens to one guest happens in order. Call it inside [World.Do].
func (w *World) Serial(id string, f func(ctx context.Context)) {
	if w.queues == nil {
		w.queues = map[string][]func(ctx context.Context){}
	}
	waiting, runs := w.queues[id]
	w.queues[id] = append(waiting, f)
	if !runs {
		w.Go(func(ctx context.Context) { w.drain(ctx, id) })
	}
}

// drain runs what waits for an id until nothing is left.
func (w *World) drain(ctx context.Context, id string) {
	for {
		var next func(ctx context.Context)
		w.Do(func() {
			if len(w.queues[id]) == 0 {
				delete(w.queues, id)
				return
			}
			next, w.queues[id] = w.queues[id][0], w.queues[id][1:]
		})
		if next == nil {
			return
		}
		next(ctx)
	}
}

// Nap is [World.Sleep] in what [World.Serial] runs for an id, which [World.Wake] of
// the same id ends early. Where still says no, it was woken before. It tells whether the
// world goes on.
func (w *World) Nap(ctx context.Context, id string, d time.Duration, still func() bool) bool {
	napping, wake := context.WithCancel(ctx)
	defer wake()
	w.Do(func() {
		if w.naps == nil {
			w.naps = map[string]context.CancelFunc{}
		}
		if w.naps[id] = wake; !still() {
			wake()
		}
	})
	w.Sleep(napping, d)
	w.Do(func() { delete(w.naps, id) })
	return ctx.Err() == nil
}

// Wake ends the nap of an id, if there is one. Call it inside [World.Do].
func (w *World) Wake(id string) {
	if wake := w.naps[id]; wake != nil {
		wake()
	}
}
