package clock_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/clock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// sleepers run in the background of a clock and note when they wake.
type sleepers struct {
	mu    sync.Mutex
	woken []time.Duration
}

func (s *sleepers) sleep(ctx context.Context, v *clock.Virtual, spans ...time.Duration) {
	end := v.Begin()
	go func() {
		defer end()
		for _, d := range spans {
			if !v.Sleep(ctx, d) {
				return
			}
			s.mu.Lock()
			s.woken = append(s.woken, v.Now().Sub(start))
			s.mu.Unlock()
		}
	}()
}

func TestVirtualTimePassesOnlyWhenToldTo(t *testing.T) {
	t.Parallel()
	v := clock.NewVirtual(start, time.Second)
	var s sleepers
	s.sleep(t.Context(), v, 5*time.Second, 10*time.Second)
	s.sleep(t.Context(), v, 7*time.Second)
	v.Tick()
	if got := v.Now(); !got.Equal(start.Add(time.Second)) || len(s.woken) != 0 {
		t.Fatalf("after a tick it is %s, and %v woke", got, s.woken)
	}
	if err := v.Advance(time.Minute); err != nil {
		t.Fatal(err)
	}
	if want := []time.Duration{5 * time.Second, 7 * time.Second, 15 * time.Second}; !slices.Equal(s.woken, want) {
		t.Errorf("woke at %v, want %v", s.woken, want)
	}
	if got := v.Now().Sub(start); got != 61*time.Second {
		t.Errorf("it is %s after the start", got)
	}
	if v.Advance(-time.Second) == nil {
		t.Error("time ran backwards")
	}
}

func TestVirtualSleepEndsWithItsContext(t *testing.T) {
	t.Parallel()
	v := clock.NewVirtual(start, 0)
	ctx, cancel := context.WithCancel(t.Context())
	var s sleepers
	s.sleep(ctx, v, time.Hour)
	v.Tick() // it sleeps now
	cancel()
	v.Tick() // and has ended now, or will before the clock moves past it
	if err := v.Advance(2 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if len(s.woken) > 1 {
		t.Errorf("woke at %v", s.woken)
	}
	if v.Sleep(ctx, time.Second) {
		t.Error("slept with a context that had ended")
	}
}

// TestVirtualWakesInOrder holds for any sleeps and any steps.
func TestVirtualWakesInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		spans := rapid.SliceOfN(rapid.IntRange(1, 50), 1, 20).Draw(rt, "spans")
		steps := rapid.SliceOfN(rapid.IntRange(0, 30), 0, 10).Draw(rt, "steps")
		v := clock.NewVirtual(start, 0)
		var s sleepers
		want := make([]time.Duration, 0, len(spans))
		for _, n := range spans {
			s.sleep(context.Background(), v, time.Duration(n)*time.Second)
			v.Tick()
			want = append(want, time.Duration(n)*time.Second)
		}
		for _, n := range append(steps, 50) {
			if err := v.Advance(time.Duration(n) * time.Second); err != nil {
				rt.Fatal(err)
			}
		}
		slices.Sort(want)
		if !slices.Equal(s.woken, want) {
			rt.Errorf("woke at %v, want %v", s.woken, want)
		}
	})
}

func TestScaledTimeRunsFaster(t *testing.T) {
	t.Parallel()
	c := clock.Scaled(1000)
	begin, machine := c.Now(), time.Now()
	if !c.Sleep(t.Context(), 5*time.Second) {
		t.Fatal("the sleep ended early")
	}
	if passed := c.Now().Sub(begin); passed < 5*time.Second {
		t.Errorf("%s passed, want 5 s", passed)
	}
	if took := time.Since(machine); took > 4*time.Second {
		t.Errorf("five seconds at a thousandfold took %s", took)
	}
	if c.Advance(time.Second) == nil {
		t.Error("a clock that runs was moved")
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"real", "scale=60", "scale=0.5", "virtual", "virtual=500ms", "virtual=0s"} {
		if _, err := clock.Parse(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "real=1", "scale", "scale=0", "scale=-1", "scale=NaN", "scale=1e9", "scale=x", "virtual=-1s", "virtual=soon", "sundial"} {
		if _, err := clock.Parse(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
