package clock

import (
	"context"
	"errors"
	"time"
)

// scaled is the machine's time, made faster from a moment on.
type scaled struct {
	from   time.Time
	factor float64
}

// Real is the machine's clock.
func Real() Clock { return scaled{factor: 1} }

// Scaled starts at the machine's time and runs factor times as fast.
func Scaled(factor float64) Clock { return scaled{from: time.Now(), factor: factor} }

func (s scaled) Now() time.Time {
	now := time.Now()
	if s.factor != 1 {
		now = s.from.Add(time.Duration(float64(now.Sub(s.from)) * s.factor))
	}
	return now.UTC()
}

func (s scaled) Sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(time.Duration(float64(d) / s.factor))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (scaled) Begin() func() { return func() {} }

func (scaled) Tick() {}

// errMoves is why a clock that runs cannot be moved.
var errMoves = errors.New("this clock moves by itself: only a virtual one can be advanced")

func (scaled) Advance(time.Duration) error { return errMoves }
