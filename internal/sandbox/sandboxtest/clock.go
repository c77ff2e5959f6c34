package sandboxtest

import (
	"sync"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/clock"
)

// Clock is a time that moves only when a test moves it. Unlike [clock.Virtual] it
// waits for nobody, so that a test can hold what happens in the background; waits
// take their time on the machine's clock.
type Clock struct {
	clock.Clock

	mu sync.Mutex
	at time.Time
}

// NewClock starts at a fixed moment.
func NewClock() *Clock {
	return &Clock{Clock: clock.Real(), at: time.Date(2026, 11, 21, 6, 0, 0, 0, time.UTC)}
}

// Now is the moment to which the test has moved the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Pass moves the clock.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}
