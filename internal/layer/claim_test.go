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

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

const mark = "goldenami-building-web-full-0123456789abcdef"

// said collects what a claimer reports.
type said struct {
	mu   sync.Mutex
	text string
}

func (s *said) add(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text += text + "\n"
}

func (s *said) has(t *testing.T, want string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !strings.Contains(s.text, want) {
		t.Errorf("nothing was said of %q:\n%s", want, s.text)
	}
}

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

func ref[T any](v T) *T { return &v }

// keyPairs is EC2 as far as marks need it.
type keyPairs struct {
	mu        sync.Mutex
	pairs     map[string]*types.KeyPairInfo
	visible   map[string]time.Time // by id
	late      time.Duration        // how late new pairs can be seen, and their tags twice that
	instances map[string]string    // by run
	n         int
}

func newKeyPairs() *keyPairs {
	return &keyPairs{pairs: map[string]*types.KeyPairInfo{}, visible: map[string]time.Time{}, instances: map[string]string{}}
}

func (k *keyPairs) mustBeEmpty(t *testing.T) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.pairs) > 0 {
		t.Errorf("left: %v", k.pairs)
	}
}

func (k *keyPairs) CreateKeyPair(ctx context.Context, in *ec2.CreateKeyPairInput, _ ...func(*ec2.Options)) (*ec2.CreateKeyPairOutput, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if k.pairs[*in.KeyName] != nil {
		return nil, apiError("InvalidKeyPair.Duplicate")
	}
	k.n++
	id := fmt.Sprintf("key-%d", k.n)
	k.pairs[*in.KeyName] = &types.KeyPairInfo{KeyPairId: &id, KeyName: in.KeyName, CreateTime: ref(time.Now()), Tags: in.TagSpecifications[0].Tags}
	k.visible[id] = time.Now().Add(k.late)
	return &ec2.CreateKeyPairOutput{KeyPairId: &id}, nil
}

func (k *keyPairs) DescribeKeyPairs(_ context.Context, in *ec2.DescribeKeyPairsInput, _ ...func(*ec2.Options)) (*ec2.DescribeKeyPairsOutput, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := &ec2.DescribeKeyPairsOutput{}
	pair := k.pairs[in.Filters[0].Values[0]]
	if pair == nil || time.Now().Before(k.visible[*pair.KeyPairId]) {
		return out, nil
	}
	shown := *pair
	if late := time.Until(k.visible[*pair.KeyPairId].Add(time.Minute)); late > 0 && k.visible[*pair.KeyPairId].After(*pair.CreateTime) {
		shown.Tags = nil
	}
	out.KeyPairs = []types.KeyPairInfo{shown}
	return out, nil
}

func (k *keyPairs) DeleteKeyPair(_ context.Context, in *ec2.DeleteKeyPairInput, _ ...func(*ec2.Options)) (*ec2.DeleteKeyPairOutput, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for name, pair := range k.pairs {
		if *pair.KeyPairId == *in.KeyPairId {
			delete(k.pairs, name)
		}
	}
	return &ec2.DeleteKeyPairOutput{}, nil
}

func (k *keyPairs) CreateTags(_ context.Context, in *ec2.CreateTagsInput, _ ...func(*ec2.Options)) (*ec2.CreateTagsOutput, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, pair := range k.pairs {
		if *pair.KeyPairId == in.Resources[0] {
			pair.Tags = in.Tags
			return &ec2.CreateTagsOutput{}, nil
		}
	}
	return nil, apiError("InvalidKeyPair.NotFound")
}

func (k *keyPairs) DescribeInstances(_ context.Context, in *ec2.DescribeInstancesInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := &ec2.DescribeInstancesOutput{}
	if id := k.instances[in.Filters[0].Values[0]]; id != "" {
		out.Reservations = []types.Reservation{{Instances: []types.Instance{{InstanceId: &id}}}}
	}
	return out, nil
}

var _ ClaimAPI = (*keyPairs)(nil)

func TestMarksAreReadBack(t *testing.T) {
	t.Parallel()
	claim := ami.Claim{Run: "run-1", Deadline: time.Date(2026, 11, 28, 5, 0, 0, 0, time.UTC)}
	if got, ok := ami.ParseClaim(ami.EC2Tags(claim.Tags())); !ok || got != claim {
		t.Errorf("%+v, %v", got, ok)
	}
	if _, ok := ami.ParseClaim(nil); ok {
		t.Error("no tags are a mark")
	}
	if got := ami.ClaimName("web", ami.Full, strings.Repeat("0123456789abcdef", 4)); got != mark {
		t.Error(got)
	}
}

func apiError(code string) error { return &smithy.GenericAPIError{Code: code, Message: "no"} }
