package throttle

import (
	"sync"
	"time"
)

// Buckets are the token buckets of all accounts and Regions.
type Buckets struct {
	mu  sync.Mutex
	all map[key]*bucket
}

// key says whose bucket it is and of what.
type key struct {
	account, region, action string
	resources, whole        bool
}

type bucket struct {
	tokens float64
	at     time.Time
}

// New makes buckets that are full when they are first asked.
func New() *Buckets { return &Buckets{all: map[key]*bucket{}} }

// Call is what decides over a request.
type Call struct {
	Account, Region, Action string
	Form                    map[string][]string
	Now                     time.Time
}

// Take takes the tokens of a call and tells whether there were enough. A call that
// is refused takes none.
func (b *Buckets) Take(c Call) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	whole := isWhole(c.Form)
	limit := Requests(c.Action, whole)
	requests := b.filled(key{c.Account, c.Region, c.Action, false, limit == readingWhole}, limit, c.Now)
	if requests.tokens < 1 {
		return false
	}
	if limit, has := Resources(c.Action); has {
		bucket, cost := b.filled(key{c.Account, c.Region, c.Action, true, false}, limit, c.Now), instances(c.Form)
		if bucket.tokens < cost {
			return false
		}
		bucket.tokens -= cost
	}
	requests.tokens--
	return true
}

// filled is a bucket with what has come back since it was last asked.
func (b *Buckets) filled(k key, l Limit, now time.Time) *bucket {
	one := b.all[k]
	if one == nil {
		one = &bucket{tokens: l.Capacity, at: now}
		b.all[k] = one
	}
	if passed := now.Sub(one.at); passed > 0 {
		one.tokens, one.at = min(l.Capacity, one.tokens+passed.Seconds()*l.Refill), now
	}
	return one
}
