package layer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

const mark = "goldenami-building-web-full-0123456789abcdef"

func claimer(api ClaimAPI, run string) (*Claimer, *said) {
	s := &said{}
	return &Claimer{API: api, Name: mark, Run: run, Report: s.add}, s
}

func take(t *testing.T, c *Claimer) *Claim {
	t.Helper()
	claim, err := c.Take(t.Context(), ConcurrentWait, nil)
	if err != nil || claim == nil {
		t.Fatalf("claim %v, %v", claim, err)
	}
	return claim
}

func release(t *testing.T, c *Claim) {
	t.Helper()
	if err := c.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTheSecondWaitsAndUsesTheImage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pairs := newKeyPairs()
		one, _ := claimer(pairs, "run-1")
		two, told := claimer(pairs, "run-2")
		first := take(t, one)
		var ended time.Time
		go func() {
			time.Sleep(50 * time.Minute)
			ended = time.Now()
			release(t, first)
		}()
		looks := 0
		second, err := two.Take(t.Context(), ConcurrentWait, func(context.Context) (bool, error) {
			looks++
			return true, nil
		})
		if second != nil || err != nil || looks != 1 {
			t.Errorf("claim %v, %v after %d looks", second, err, looks)
		}
		if late := time.Since(ended); late > 30*time.Second {
			t.Errorf("noticed %s after 50 minutes", late)
		}
		told.has(t, "run run-1 builds the same content now (key pair "+mark)
		told.has(t, "49m")
		pairs.mustBeEmpty(t)
	})
}

func TestAShortWaitIsNoticedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pairs := newKeyPairs()
		one, _ := claimer(pairs, "run-1")
		two, _ := claimer(pairs, "run-2")
		first, began := take(t, one), time.Now()
		go func() {
			time.Sleep(100 * time.Second)
			release(t, first)
		}()
		release(t, take(t, two)) // nothing became good: it has its turn
		if took := time.Since(began); took > 102*time.Second {
			t.Errorf("it took %s", took)
		}
		pairs.mustBeEmpty(t)
	})
}

func TestADeadBuildIsReplaced(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		instance bool
		says     string
		after    time.Duration
	}{
		"without an instance": {false, "no instance any more", 10 * time.Minute},
		"with an instance":    {true, "leaves i-1 behind", 40 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pairs := newKeyPairs()
				one, _ := claimer(pairs, "run-1")
				two, told := claimer(pairs, "run-2")
				first, began := take(t, one), time.Now()
				first.stop() // as kill -9 does: no more renewals, and no release
				if c.instance {
					pairs.instances["run-1"] = "i-1"
				}
				second := take(t, two)
				if took := time.Since(began); took < c.after || took > c.after+time.Minute {
					t.Errorf("replaced after %s, not %s", took, c.after)
				}
				told.has(t, "taking its place")
				told.has(t, c.says)
				release(t, second)
				pairs.mustBeEmpty(t)
			})
		})
	}
}

func TestALongBuildKeepsItsMark(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pairs := newKeyPairs()
		one, _ := claimer(pairs, "run-1")
		two, _ := claimer(pairs, "run-2")
		first := take(t, one)
		ctx, stop := context.WithTimeoutCause(t.Context(), 6*time.Hour, errors.New("concurrent_timeout"))
		defer stop()
		if _, err := two.Take(ctx, ConcurrentWait, nil); err == nil || !strings.Contains(err.Error(), "concurrent_timeout") {
			t.Errorf("error %v", err)
		}
		release(t, first)
		pairs.mustBeEmpty(t)
	})
}

// TestAMarkThatIsNotVisible: EC2 refuses the name and shows the key pair, and its
// tags, later.
func TestAMarkThatIsNotVisible(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pairs := newKeyPairs()
		pairs.late = time.Minute
		one, _ := claimer(pairs, "run-1")
		two, told := claimer(pairs, "run-2")
		first := take(t, one)
		go func() {
			time.Sleep(30 * time.Minute)
			release(t, first)
		}()
		began := time.Now()
		pairs.late = 0
		release(t, take(t, two))
		if took := time.Since(began); took < 30*time.Minute {
			t.Errorf("taken after %s, while the other build went on", took)
		}
		told.has(t, "whose tags cannot be seen yet")
		told.has(t, "run run-1")
		pairs.mustBeEmpty(t)
	})
}

func TestAForeignKeyPairIsNotTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pairs := newKeyPairs()
		pairs.pairs[mark] = &types.KeyPairInfo{KeyPairId: ref("key-foreign"), KeyName: ref(mark), CreateTime: ref(time.Now())}
		two, _ := claimer(pairs, "run-2")
		if _, err := two.Take(t.Context(), ConcurrentWait, nil); err == nil || !strings.Contains(err.Error(), "key-foreign") {
			t.Errorf("error %v", err)
		}
		if pairs.pairs[mark] == nil {
			t.Error("it was deleted")
		}
	})
}

func TestOtherAnswersToAnotherBuild(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pairs := newKeyPairs()
		one, _ := claimer(pairs, "run-1")
		two, told := claimer(pairs, "run-2")
		first := take(t, one)
		var busy *BusyError
		if _, err := two.Take(t.Context(), ConcurrentFail, nil); !errors.As(err, &busy) || busy.Run != "run-1" {
			t.Errorf("error %v", err)
		}
		if claim, err := two.Take(t.Context(), ConcurrentBuild, nil); claim != nil || err != nil {
			t.Errorf("claim %v, %v", claim, err)
		}
		told.has(t, "building a second image")
		release(t, first)
		release(t, first)
		var none *Claim
		release(t, none)
		pairs.mustBeEmpty(t)
	})
	if _, err := ParseOnConcurrent("maybe"); err == nil {
		t.Error("any word was taken")
	}
}

func TestCancelWhileWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pairs := newKeyPairs()
		one, _ := claimer(pairs, "run-1")
		two, _ := claimer(pairs, "run-2")
		first := take(t, one)
		ctx, cancel := context.WithCancel(t.Context())
		var cancelled time.Time
		go func() {
			time.Sleep(2 * time.Hour)
			cancelled = time.Now()
			cancel()
		}()
		if _, err := two.Take(ctx, ConcurrentWait, nil); !errors.Is(err, context.Canceled) || time.Since(cancelled) > time.Second {
			t.Errorf("%v, %s after the cancel", err, time.Since(cancelled))
		}
		release(t, first)
		pairs.mustBeEmpty(t)
	})
}

// TestManyAtOnce: of many runs one builds at a time, whoever dies on the way.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pairs := newKeyPairs()
		var mu sync.Mutex
		good, building := 0, 0
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				c, _ := claimer(pairs, fmt.Sprintf("run-%d", n))
				claim, err := c.Take(t.Context(), ConcurrentWait, func(context.Context) (bool, error) {
					mu.Lock()
					defer mu.Unlock()
					return good > 0, nil
				})
				if err != nil || claim == nil {
					if err != nil {
						t.Error(err)
					}
					return
				}
				mu.Lock()
				building++
				if building > 1 {
					t.Error("two build at once")
				}
				mu.Unlock()
				time.Sleep(20 * time.Minute)
				mu.Lock()
				building--
				died := n%2 == 0
				if !died {
					good++
				}
				mu.Unlock()
				if died {
					claim.stop()
					return
				}
				release(t, claim)
			})
		}
		all.Wait()
		if good != 1 {
			t.Errorf("%d images were made", good)
		}
		pairs.mustBeEmpty(t)
	})
}
