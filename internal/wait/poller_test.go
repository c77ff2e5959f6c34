package wait

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func TestNoticedInTime(t *testing.T) {
	t.Parallel()
	for _, ready := range []time.Duration{0, 500 * time.Millisecond, 30 * time.Second, 7 * time.Minute, 40 * time.Minute, 5 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			f.images["ami-1"] = availableAfter(ready)
			got, err := f.poller().Image(t.Context(), "eu-west-1", "ami-1", ImageOptions{})
			if err != nil || aws.ToString(got.ImageId) != "ami-1" {
				t.Fatalf("%v, %v", got.ImageId, err)
			}
			late := time.Since(f.begun) - ready
			if limit := max(2*time.Second, ready/100); late > limit {
				t.Errorf("ready after %s, noticed %s later, more than %s", ready, late, limit)
			}
		})
	}
}

func TestFiftyImagesAreOneCallPerTick(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		p := f.poller()
		var all sync.WaitGroup
		for n := range 50 {
			f.images[fmt.Sprintf("ami-%02d", n)] = availableAfter(10 * time.Minute)
		}
		for id := range f.images {
			all.Go(func() {
				if _, err := p.Image(t.Context(), "eu-west-1", id, ImageOptions{}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		// 1 s up to 100 s, then 1 % of the time: 100 + ln(6)/ln(1.01) = 280 ticks without jitter.
		looks := f.looks["DescribeImages"]
		if len(looks) > 340 || f.asked["DescribeImages"] != 50 {
			t.Errorf("%d calls for ten minutes, the last for %d images", len(looks), f.asked["DescribeImages"])
		}
		for n := 2; n < len(looks); n++ {
			if looks[n]-looks[n-1] < 900*time.Millisecond {
				t.Fatalf("looked at %s and again at %s", looks[n-1], looks[n])
			}
		}
		if snaps := f.count("DescribeSnapshots"); snaps > len(looks) {
			t.Errorf("%d looks at snapshots in %d ticks", snaps, len(looks))
		}
	})
}

func TestMoreThanAFilterHolds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		p := f.poller()
		var all sync.WaitGroup
		for n := range 450 {
			id := fmt.Sprintf("ami-%03d", n)
			f.images[id] = func(after time.Duration) (types.Image, bool) {
				if after < 5*time.Second {
					return image(types.ImageStatePending, "snap-"+id), true
				}
				return image(types.ImageStateAvailable, "snap-"+id), true
			}
		}
		for id := range f.images {
			all.Go(func() {
				if _, err := p.Image(t.Context(), "eu-west-1", id, ImageOptions{}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait() // the fake refuses more than 200 values
	})
}

func TestRegionsAreApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		good, bad := newFake(t), newFake(t)
		good.images["ami-1"] = availableAfter(time.Minute)
		bad.trouble = func(string, time.Duration) error { return awsError("RequestLimitExceeded") }
		p := NewPoller(func(region string) API { return map[string]API{"good": good, "bad": bad}[region] })
		defer p.Close()
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := p.Image(t.Context(), "good", "ami-1", ImageOptions{}); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			_, err := p.Image(t.Context(), "bad", "ami-1", ImageOptions{Deadline: 2 * time.Minute})
			var late *DeadlineError
			if !errors.As(err, &late) || late.LastErr == nil || !strings.Contains(err.Error(), "RequestLimitExceeded") {
				t.Errorf("%v", err)
			}
		})
		all.Wait()
	})
}

func TestNewWaitIsLookedAtSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.images["ami-slow"], f.images["ami-new"] = availableAfter(3*time.Hour), availableAfter(0)
		p := f.poller()
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { _, _ = p.Image(ctx, "eu-west-1", "ami-slow", ImageOptions{}) })
		time.Sleep(2 * time.Hour) // now the interval is 15 s
		begun := time.Now()
		if _, err := p.Image(t.Context(), "eu-west-1", "ami-new", ImageOptions{}); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took > time.Second {
			t.Errorf("first look after %s", took)
		}
		cancel()
		all.Wait()
	})
}

func TestWaitsThatTrickleInShareCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.images["ami-1"] = availableAfter(30 * time.Second)
		p := f.poller()
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if _, err := p.Image(t.Context(), "eu-west-1", "ami-1", ImageOptions{}); err != nil {
					t.Error(err)
				}
			})
			time.Sleep(20 * time.Millisecond)
		}
		all.Wait()
		if n := f.count("DescribeImages"); n > 36 {
			t.Errorf("%d calls in 30 s", n)
		}
	})
}

func TestCancelIsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.latency = 10 * time.Minute // a call that hangs
		p := f.poller()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		begun := time.Now()
		_, err := p.Image(ctx, "eu-west-1", "ami-1", ImageOptions{})
		if !errors.Is(err, context.Canceled) || time.Since(begun) != time.Minute {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
		synctest.Wait()
		f.mu.Lock()
		abandoned := f.abandoned
		f.mu.Unlock()
		if len(p.regions) != 0 || abandoned != 1 {
			t.Error("the loop goes on with nothing to wait for")
		}
		if _, err := p.Image(ctx, "eu-west-1", "ami-1", ImageOptions{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.images["ami-1"] = availableAfter(time.Hour)
		f.snapshots["snap-1"] = func(time.Duration) types.Snapshot { return types.Snapshot{Progress: aws.String("42%")} }
		begun := time.Now()
		_, err := f.poller().Image(t.Context(), "eu-west-1", "ami-1", ImageOptions{Deadline: 10 * time.Minute})
		var late *DeadlineError
		if !errors.As(err, &late) || late.State != "pending" || late.Percent != 42 || time.Since(begun) != 10*time.Minute {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
	})
}

func TestCloseEndsWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.images["ami-1"] = availableAfter(time.Hour)
		p := f.poller()
		time.AfterFunc(time.Minute, p.Close)
		if _, err := p.Image(t.Context(), "eu-west-1", "ami-1", ImageOptions{}); !errors.Is(err, ErrClosed) {
			t.Errorf("%v", err)
		}
		if _, err := p.Image(t.Context(), "eu-west-1", "ami-1", ImageOptions{}); !errors.Is(err, ErrClosed) {
			t.Errorf("%v", err)
		}
	})
}

func TestThrottleStorm(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"RequestLimitExceeded", "InternalError", "Unavailable", "SomethingNew"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			f.images["ami-1"] = availableAfter(10 * time.Minute)
			f.trouble = func(_ string, after time.Duration) error {
				if after < 30*time.Minute {
					return awsError(code)
				}
				return nil
			}
			if _, err := f.poller().Image(t.Context(), "eu-west-1", "ami-1", ImageOptions{}); err != nil {
				t.Fatal(err)
			}
			// 1, 2, 4, 8, 16, 32 s, then a minute.
			if n := f.count("DescribeImages"); n > 45 {
				t.Errorf("%d calls in half an hour of %s", n, code)
			}
			if after := time.Since(f.begun); after > 31*time.Minute+5*time.Second {
				t.Errorf("noticed after %s", after)
			}
		})
	}
}

func TestRefusedEndsTheWait(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"UnauthorizedOperation", "AuthFailure", "ExpiredToken", "RequestExpired", "OptInRequired"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			f.trouble = func(string, time.Duration) error { return awsError(code) }
			_, err := f.poller().Image(t.Context(), "eu-west-1", "ami-1", ImageOptions{})
			var refused *RefusedError
			if !errors.As(err, &refused) || f.count("DescribeImages") != 1 {
				t.Errorf("%v after %d calls", err, f.count("DescribeImages"))
			}
		})
	}
}

func TestWithoutDescribeSnapshots(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.images["ami-1"] = availableAfter(time.Minute)
		f.trouble = func(call string, _ time.Duration) error {
			if call == "DescribeSnapshots" {
				return awsError("UnauthorizedOperation")
			}
			return nil
		}
		if _, err := f.poller().Image(t.Context(), "eu-west-1", "ami-1", ImageOptions{}); err != nil {
			t.Error(err)
		}
		if after := time.Since(f.begun); after > 62*time.Second {
			t.Errorf("noticed after %s", after)
		}
	})
}
