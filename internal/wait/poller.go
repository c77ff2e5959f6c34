package wait

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// API is what the poller calls.
type API interface {
	ec2.DescribeImagesAPIClient
	ec2.DescribeSnapshotsAPIClient
	ec2.DescribeInstancesAPIClient
}

// Poller waits for images and instances of any Region. It is safe for
// concurrent use. A Region's loop runs only while something is waited for there.
type Poller struct {
	api    func(region string) API
	policy Policy

	mu      sync.Mutex
	regions map[string]*region
	closed  bool
	running sync.WaitGroup
	ctx     context.Context // ends with Close; each loop is its child
	stop    context.CancelFunc
}

// Policy says how often a Region is looked at.
type Policy struct {
	Min      time.Duration // shortest interval
	Max      time.Duration // longest interval while AWS answers
	Fraction float64       // interval as a share of the time waited
	Jitter   float64       // an interval is shortened by up to this share
	Backoff  time.Duration // longest interval while AWS throttles or fails
}

// DefaultPolicy sees an event within 1 % of the time waited or 1 s, whichever is
// longer, and within 15 s at most.
func DefaultPolicy() Policy {
	return Policy{Min: time.Second, Max: 15 * time.Second, Fraction: 0.01, Jitter: 0.1, Backoff: time.Minute}
}

// Option changes a Poller.
type Option func(*Poller)

// WithPolicy replaces DefaultPolicy.
func WithPolicy(policy Policy) Option { return func(p *Poller) { p.policy = policy } }

// DefaultNotVisibleFor is how long a thing that was just made may not be shown.
const DefaultNotVisibleFor = 5 * time.Minute

// ErrClosed ends the waits of a Poller that is closed.
var ErrClosed = errors.New("the poller was closed")

// NewPoller gives a Poller that asks the client that api gives for a Region. It
// makes no call before something is waited for. Close it.
func NewPoller(api func(region string) API, opts ...Option) *Poller {
	ctx, stop := context.WithCancel(context.Background())
	p := &Poller{api: api, policy: DefaultPolicy(), regions: map[string]*region{}, ctx: ctx, stop: stop}
	for _, o := range opts {
		o(p)
	}
	return p
}

// ImageOptions are those of one wait for an image.
type ImageOptions struct {
	// Deadline is how long to wait at most; zero is without end.
	Deadline time.Duration
	// Progress is told each time the share that is done has changed: percent of
	// all snapshots' bytes, 0 to 100, and the time waited. It is called from the
	// waiting goroutine.
	Progress func(percent int, elapsed time.Duration)
	// NotVisibleFor is how long the image may not be shown; default
	// DefaultNotVisibleFor.
	NotVisibleFor time.Duration
}

// Image waits until the image is available and the ids of its snapshots can be
// seen. Errors: *FailedError, *NotVisibleError, *DeadlineError, *RefusedError,
// ErrClosed, or ctx's own, each at once.
func (p *Poller) Image(ctx context.Context, region, imageID string, o ImageOptions) (types.Image, error) {
	w := newImageWait(region, imageID, o)
	if err := p.wait(ctx, w.waiter, o.Progress); err != nil {
		return types.Image{}, err
	}
	return w.result, nil
}

// Instance waits until the instance is in the wanted state, for deadline at most
// (zero: without end). Errors are those of Image.
func (p *Poller) Instance(ctx context.Context, region, id string, want types.InstanceStateName, deadline time.Duration) (types.Instance, error) {
	w := newInstanceWait(region, id, want, deadline)
	if err := p.wait(ctx, w.waiter, nil); err != nil {
		return types.Instance{}, err
	}
	return w.result, nil
}

// Close ends all waits with ErrClosed and returns when no goroutine is left.
func (p *Poller) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.stop()
	p.running.Wait()
}
