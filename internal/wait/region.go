package wait

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// region is one Region's loop and what is waited for in it. Its fields are
// guarded by the poller's mutex.
type region struct {
	name  string
	waits map[*waiter]struct{}
	wake  chan struct{}      // a wait has been added
	stop  context.CancelFunc // ends the loop; nil while none runs
}

// add registers a wait and starts or wakes the loop.
func (p *Poller) add(w *waiter) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	r := p.regions[w.region]
	if r == nil {
		r = &region{name: w.region, waits: map[*waiter]struct{}{}, wake: make(chan struct{}, 1)}
		p.regions[w.region] = r
	}
	r.waits[w] = struct{}{}
	if r.stop == nil {
		ctx, stop := context.WithCancel(p.ctx)
		r.stop = stop
		p.running.Go(func() { p.loop(ctx, r) })
		return nil
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
	return nil
}

// remove forgets a wait; the last one takes the loop with it, also out of a call
// that is under way.
func (p *Poller) remove(w *waiter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.regions[w.region]
	if r == nil {
		return
	}
	delete(r.waits, w)
	if len(r.waits) == 0 && r.stop != nil {
		r.stop()
		r.stop = nil
		// A loop that still ends must not share the next one's wake channel.
		delete(p.regions, w.region)
	}
}

// waiting lists the waits of a Region that have no result yet, in a stable order.
func (p *Poller) waiting(r *region) []*waiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]*waiter, 0, len(r.waits))
	for w := range r.waits {
		if !w.settled {
			all = append(all, w)
		}
	}
	slices.SortFunc(all, func(a, b *waiter) int { return a.since.Compare(b.since) })
	return all
}

// loop looks until ctx ends, which is when nothing is waited for any more.
func (p *Poller) loop(ctx context.Context, r *region) {
	api := p.api(r.name)
	failures := 0
	for ctx.Err() == nil {
		looked := time.Now()
		if p.look(ctx, api, p.waiting(r)) {
			failures = 0
		} else {
			failures++
		}
		if !p.rest(ctx, r, looked, failures) {
			return
		}
	}
}

// rest sleeps until the next look is due. A wait that comes in the meantime makes
// it due at once, but never sooner than the shortest interval after the last
// look, so that fifty new waits are one call; and not while AWS throttles.
func (p *Poller) rest(ctx context.Context, r *region, looked time.Time, failures int) bool {
	timer := time.NewTimer(p.interval(p.waiting(r), failures))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case <-r.wake:
			if failures == 0 {
				timer.Reset(max(0, p.policy.Min-time.Since(looked)))
			}
		}
	}
}

// interval follows the youngest wait: it is the one that the event of could come
// soonest, and all share the call.
func (p *Poller) interval(waits []*waiter, failures int) time.Duration {
	interval := p.policy.Max
	for _, w := range waits {
		interval = min(interval, time.Duration(p.policy.Fraction*float64(time.Since(w.since))))
	}
	interval = max(interval, p.policy.Min)
	if failures > 0 {
		slow := p.policy.Min << min(failures, 16)
		interval = max(interval, min(slow, p.policy.Backoff))
	}
	// Many Packer processes started together must not look together.
	return interval - time.Duration(rand.Float64()*p.policy.Jitter*float64(interval)) //nolint:gosec // no secret
}

// look asks EC2 once for everything and tells each wait what was seen. It is
// false if AWS did not answer something.
func (p *Poller) look(ctx context.Context, api API, waits []*waiter) bool {
	var images, instances []*waiter
	for _, w := range waits {
		if w.image != nil {
			images = append(images, w)
		} else {
			instances = append(instances, w)
		}
	}
	ok := true
	for batch := range slices.Chunk(images, maxFilterValues) {
		ok = p.report(ctx, batch, lookAtImages(ctx, api, batch)) && ok
	}
	for batch := range slices.Chunk(instances, maxFilterValues) {
		ok = p.report(ctx, batch, lookAtInstances(ctx, api, batch)) && ok
	}
	return ok
}

// sight is how a look at a batch went.
type sight struct {
	err     error // nothing was seen
	partial error // progress and reasons were not seen, the states were
}

// maxFilterValues is EC2's limit of values in one filter
// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html: 200).
const maxFilterValues = 200

// report hands results over, or what kept the look from giving any. It is false
// if the next look should come later.
func (p *Poller) report(ctx context.Context, batch []*waiter, seen sight) bool {
	if ctx.Err() != nil {
		return true // nobody waits any more
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range batch {
		w.lastErr = seen.err
		w.shown = w.state
		w.shownPercent = w.percent
		switch {
		case seen.err == nil:
			w.publish()
		case cloud.IsAuth(seen.err):
			w.settle(&RefusedError{Region: w.region, ID: w.id, Err: seen.err})
		}
	}
	// A policy without DescribeSnapshots costs the percentages and nothing else.
	return seen.err == nil && (seen.partial == nil || cloud.IsAuth(seen.partial))
}
