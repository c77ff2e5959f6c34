package wait

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// waiter is one wait. The loop owns the first group of fields below the line;
// the poller's mutex guards the second.
type waiter struct {
	region, id    string
	since         time.Time
	deadline      time.Duration
	notVisibleFor time.Duration
	image         *imageWait    // set for a wait for an image
	instance      *instanceWait // set for a wait for an instance

	done     chan error // one value, when the wait is over
	progress chan int   // the newest percentage

	lastSeen time.Time // zero: never
	state    string
	percent  int
	outcome  *outcome     // what the last look decided, nil: wait on
	failed   *FailedError // outcome.err, where it is one

	settled      bool
	shown        string // state, for a deadline's error
	shownPercent int
	lastErr      error
}

// outcome ends a wait, well if err is nil.
type outcome struct{ err error }

func newWaiter(region, id string, deadline, notVisibleFor time.Duration) *waiter {
	if notVisibleFor <= 0 {
		notVisibleFor = DefaultNotVisibleFor
	}
	return &waiter{
		region: region, id: id, since: time.Now(), deadline: deadline, notVisibleFor: notVisibleFor,
		done: make(chan error, 1), progress: make(chan int, 1), percent: -1, shownPercent: -1,
	}
}

// wait registers w and blocks until it is over.
func (p *Poller) wait(ctx context.Context, w *waiter, progress func(int, time.Duration)) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("wait for %s in %s: %w", w.id, w.region, err)
	}
	if err := p.add(w); err != nil { //nolint:contextcheck // the loop serves many waits and ends with the last
		return fmt.Errorf("wait for %s in %s: %w", w.id, w.region, err)
	}
	defer p.remove(w)
	var late <-chan time.Time
	if w.deadline > 0 {
		timer := time.NewTimer(w.deadline)
		defer timer.Stop()
		late = timer.C
	}
	tell := func(percent int) {
		if progress != nil {
			progress(percent, time.Since(w.since))
		}
	}
	for {
		select {
		case percent := <-w.progress:
			tell(percent)
		case err := <-w.done:
			select {
			case percent := <-w.progress:
				tell(percent)
			default:
			}
			return err
		case <-ctx.Done():
			return fmt.Errorf("wait for %s in %s: %w", w.id, w.region, ctx.Err())
		case <-p.ctx.Done():
			return fmt.Errorf("wait for %s in %s: %w", w.id, w.region, ErrClosed)
		case <-late:
			return p.deadlineError(w)
		}
	}
}

func (p *Poller) deadlineError(w *waiter) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return &DeadlineError{
		Region: w.region, ID: w.id, After: w.deadline,
		State: w.shown, Percent: max(0, w.shownPercent), LastErr: w.lastErr,
	}
}

// settle ends the wait. The caller holds the poller's mutex.
func (w *waiter) settle(err error) {
	if !w.settled {
		w.settled = true
		w.done <- err
	}
}

// publish passes on what the loop found. The caller holds the poller's mutex.
func (w *waiter) publish() {
	if w.outcome != nil {
		w.settle(w.outcome.err)
	}
}

// advance has the waiting goroutine told of a share that has grown. Only the
// newest matters, and nobody is waited for.
func (w *waiter) advance(percent int) {
	if percent <= w.percent {
		return
	}
	w.percent = percent
	select {
	case <-w.progress:
	default:
	}
	w.progress <- percent // the loop is the only sender: there is room
}

// visible notes that EC2 showed the thing.
func (w *waiter) visible(state string) {
	w.lastSeen = time.Now()
	w.state = state
}

// hidden tells whether EC2 has not shown the thing for too long.
func (w *waiter) hidden() *NotVisibleError {
	from := w.lastSeen
	if from.IsZero() {
		from = w.since
	}
	if missing := time.Since(from); missing > w.notVisibleFor {
		return &NotVisibleError{Region: w.region, ID: w.id, For: missing, Seen: !w.lastSeen.IsZero()}
	}
	return nil
}

func (w *waiter) finish(err error) { w.outcome = &outcome{err: err} }

// fail ends the wait with EC2's reason.
func (w *waiter) fail(state string, reason *types.StateReason) {
	failed := &FailedError{Region: w.region, ID: w.id, State: state}
	if reason != nil {
		if reason.Code != nil {
			failed.ReasonCode = *reason.Code
		}
		if reason.Message != nil {
			failed.Reason = *reason.Message
		}
	}
	w.failed = failed
	w.finish(failed)
}
