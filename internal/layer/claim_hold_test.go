package layer

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// TestAHeldMarkCostsNothing: as long as it is renewed in time nobody is asked.
func TestAHeldMarkCostsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pairs := newKeyPairs()
		one, _ := claimer(pairs, "run-1")
		first := take(t, one)
		time.Sleep(time.Hour + time.Minute)
		before := pairs.called()
		if err := first.Check(t.Context()); err != nil || pairs.called() != before {
			t.Errorf("%v, after %d calls", err, pairs.called()-before)
		}
		release(t, first)
		if err := (*Claim)(nil).Check(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestAfterSleep has the machine of a build sleep for longer than its mark stands.
func TestAfterSleep(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile func(t *testing.T, pairs *keyPairs) *Claim
		upon      func(pairs *keyPairs) // the moment that it wakes
		lost      bool
		run       string
	}{
		"another run has taken its place": {lost: true, run: "run-2", meanwhile: func(t *testing.T, pairs *keyPairs) *Claim {
			t.Helper()
			two, _ := claimer(pairs, "run-2")
			return take(t, two)
		}},
		"another run came and went": {lost: true, meanwhile: func(t *testing.T, pairs *keyPairs) *Claim {
			t.Helper()
			two, _ := claimer(pairs, "run-2")
			release(t, take(t, two))
			return nil
		}},
		"nobody came": {meanwhile: func(*testing.T, *keyPairs) *Claim {
			time.Sleep(20 * time.Minute)
			return nil
		}},
		"another run has just seen that the mark is overdue": {lost: true, meanwhile: func(*testing.T, *keyPairs) *Claim {
			time.Sleep(20 * time.Minute)
			return nil
		}, upon: func(pairs *keyPairs) {
			time.Sleep(settleTime / 2)
			_, _ = pairs.DeleteKeyPair(context.Background(), &ec2.DeleteKeyPairInput{KeyPairId: ref("key-1")}) // the fake refuses nothing
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pairs := newKeyPairs()
				one, _ := claimer(pairs, "run-1")
				first := take(t, one)
				wake := pairs.sleep("run-1")
				other := c.meanwhile(t, pairs)
				wake()
				if c.upon != nil {
					go c.upon(pairs)
				}
				err := first.Check(t.Context())
				var lost *LostError
				if errors.As(err, &lost) != c.lost || !c.lost && err != nil {
					t.Fatalf("the mark is held: %v", err)
				}
				if c.lost && lost.Run != c.run {
					t.Errorf("%v does not tell of %q", err, c.run)
				}
				before := pairs.called()
				if again := first.Check(t.Context()); !c.lost && (again != nil || pairs.called() != before) {
					t.Errorf("asked again: %v, %d calls", again, pairs.called()-before)
				}
				release(t, first)
				release(t, other)
				pairs.mustBeEmpty(t)
			})
		})
	}
}
