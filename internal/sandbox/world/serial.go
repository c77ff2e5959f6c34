package world

import "context"

// Serial runs f beside the callers, after every earlier f of the same id has
// returned: what happens to one guest happens in order. Call it inside [World.Do].
func (w *World) Serial(id string, f func(ctx context.Context)) {
	if w.tails == nil {
		w.tails = map[string]chan struct{}{}
	}
	before, mine := w.tails[id], make(chan struct{})
	w.tails[id] = mine
	w.Go(func(ctx context.Context) {
		defer close(mine)
		if before != nil {
			<-before
		}
		f(ctx)
	})
}
