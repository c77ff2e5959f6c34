package clock

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Clock tells the time and wakes who waits for a moment of it.
type Clock interface {
	// Now is the time, in UTC.
	Now() time.Time
	// Sleep waits for d or for the end of ctx, and tells whether d passed.
	Sleep(ctx context.Context, d time.Duration) bool
	// Begin tells that something starts to work in the background; the function
	// that it gives tells that it ended. Between the two it works, except in Sleep.
	Begin() (end func())
	// Tick is the beginning of a call: on a virtual clock it waits until all in the
	// background sleeps, and lets a step of time pass.
	Tick()
	// Advance lets d pass at once. Only a virtual clock can.
	Advance(d time.Duration) error
}

// Parse reads the name of a clock: real; scale=N, which runs N times as fast as
// the machine's; virtual or virtual=STEP, which stands still but for STEP (a
// second unless named) with each call.
func Parse(s string) (Clock, error) {
	kind, value, given := strings.Cut(s, "=")
	switch {
	case kind == "real" && !given:
		return Real(), nil
	case kind == "scale" && given:
		factor, err := strconv.ParseFloat(value, 64)
		if err != nil || !(factor > 0 && factor <= maxFactor) {
			return nil, fmt.Errorf("clock %q: the factor is a number above 0 and up to %d, such as scale=60", s, maxFactor)
		}
		return Scaled(factor), nil
	case kind == "virtual":
		step := time.Second
		if given {
			var err error
			if step, err = time.ParseDuration(value); err != nil || step < 0 {
				return nil, fmt.Errorf("clock %q: the step is a time such as 500ms, and not negative", s)
			}
		}
		return NewVirtual(Epoch, step), nil
	}
	return nil, fmt.Errorf("clock %q: use real, scale=N or virtual[=STEP]", s)
}

// maxFactor keeps a scaled clock's times within what time.Time can tell.
const maxFactor = 1_000_000
