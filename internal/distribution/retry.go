package distribution

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// class says what an error of an EC2 or KMS call means for the caller. The
// SDK's own retries (three attempts, throttles and 5xx only) came before it.
type class int

const (
	classFatal    class = iota // trying again changes nothing
	classBusy                  // AWS is throttling or ailing: again, more slowly
	classSlot                  // too many copies into this Region: when one is done
	classUnready               // the thing is not visible or not ready yet: again for a short while
	classMismatch              // the idempotency token was used for something else
)

// How long each class is tried again.
const (
	busyFor    = 15 * time.Minute
	unreadyFor = 3 * time.Minute

	firstPause = time.Second
	maxPause   = 30 * time.Second
)

// Two answers of EC2 that are no errors to it, but come too early for us.
var (
	errNotCompleted = errors.New("not all snapshots are completed and visible")
	errNotApplied   = errors.New("the change is not visible")
)

// classify sorts err by EC2's code, and where one code serves several meanings
// (ResourceLimitExceeded is a full copy queue as well as a quota), by its text.
func classify(err error) class {
	if errors.Is(err, errNotCompleted) || errors.Is(err, errNotApplied) {
		return classUnready
	}
	switch code := cloud.Code(err); code {
	case "RequestLimitExceeded", "Throttling", "ThrottlingException", "EC2ThrottledException",
		"InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable", "RequestTimeout", "ConcurrentTagAccess",
		"KMSInternalException", "DependencyTimeoutException":
		return classBusy
	case "ConcurrentSnapshotLimitExceeded":
		return classSlot
	case "ResourceLimitExceeded":
		if strings.Contains(err.Error(), "in progress") {
			return classSlot
		}
		return classFatal
	case "InvalidAMIID.NotFound", "InvalidAMIID.Unavailable", "InvalidSnapshot.NotFound", "InvalidSnapshotID.NotFound", "IncorrectState":
		return classUnready
	case "IdempotentParameterMismatch":
		return classMismatch
	}
	return classFatal
}

// patience is how long class c is worth trying again; slot is how long to wait
// for a free copy slot.
func (c class) patience(slot time.Duration) time.Duration {
	switch c {
	case classBusy:
		return busyFor
	case classSlot:
		return slot
	case classUnready:
		return unreadyFor
	default:
		return 0
	}
}

// retry calls do until it succeeds, fails for good, or the patience for the
// kind of its failure is used up. notify, which may be nil, is told once per
// pause why it pauses. A cancelled ctx ends a pause at once.
func retry(ctx context.Context, slot time.Duration, notify func(c class, err error), do func(context.Context) error) error {
	begun := time.Now()
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		err := do(ctx)
		if err == nil {
			return nil
		}
		if cause := context.Cause(ctx); cause != nil {
			return fmt.Errorf("%w (while: %s)", cause, cloud.Explain(err))
		}
		c := classify(err)
		if time.Since(begun)+pause > c.patience(slot) {
			return explained(err)
		}
		if notify != nil {
			notify(c, err)
		}
		if err := sleep(ctx, jitter(pause)); err != nil {
			return err
		}
	}
}

// jitter spreads calls of many Regions that were refused at the same moment.
func jitter(d time.Duration) time.Duration {
	return d - d/8 + rand.N(d/4) //nolint:gosec // not a secret: it only spreads calls
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// afterCancel is how long a call that creates something may go on once the run
// is cancelled: EC2 may have applied it already, and its id has to be known.
const afterCancel = 10 * time.Second

// surviving gives a context for a call that creates something.
func surviving(ctx context.Context) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		defer cancel()
		timer := time.NewTimer(afterCancel)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-out.Done():
		}
	})
	return out, func() { stop(); cancel() }
}

// explainedError reads as AWS's code and message, and unwraps to the SDK's error.
type explainedError struct{ err error }

func explained(err error) error { return explainedError{err} }

func (e explainedError) Error() string { return cloud.Explain(e.err) }
func (e explainedError) Unwrap() error { return e.err }
