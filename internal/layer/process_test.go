package layer

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestChildGetsResultSoon(t *testing.T) {
	t.Parallel()
	run := newRun(t, time.Minute)
	parent, _ := run.join(member("os-only", ""))
	child, _ := run.join(member("hybrid", "os-only"))
	parent.fine(order{Verb: "start"})
	child.tell(order{Verb: "wait", Key: key("os-only")})
	if used := parent.fine(order{Verb: "used"}); used.Used {
		t.Error("used before it was built")
	}
	began := time.Now()
	parent.fine(done("ami-1"))
	got := child.hear()
	if took := time.Since(began); took > 500*time.Millisecond {
		t.Errorf("the child heard after %v", took)
	}
	if got.Result.ImageID != "ami-1" || got.Result.Root != "ami-root" || got.Error != "" {
		t.Errorf("got %+v", got)
	}
	if used := parent.fine(order{Verb: "used"}); !used.Used {
		t.Error("not used, although a child has the image")
	}
	child.kill()
	if used := parent.fine(order{Verb: "used"}); used.Used {
		t.Error("used by a dead child")
	}
}

func TestCancelEndsWait(t *testing.T) {
	t.Parallel()
	run := newRun(t, time.Minute)
	run.join(member("os-only", ""))
	child, _ := run.join(member("hybrid", "os-only"))
	child.tell(order{Verb: "wait", Key: key("os-only")})
	began := time.Now()
	child.tell(order{Verb: "cancel"})
	if got := child.hear(); !strings.Contains(got.Error, "context canceled") || time.Since(began) > time.Second {
		t.Errorf("after %v: %+v", time.Since(began), got)
	}
}

func TestKilledParentFailsTheChild(t *testing.T) {
	t.Parallel()
	run := newRun(t, time.Minute)
	parent, _ := run.join(member("os-only", ""))
	child, _ := run.join(member("hybrid", "os-only"))
	parent.fine(order{Verb: "start"})
	child.tell(order{Verb: "wait", Key: key("os-only")})
	began := time.Now()
	parent.kill()
	if got := child.hear(); got.Failure != string(ParentDied) || time.Since(began) > time.Second {
		t.Errorf("after %v: %+v", time.Since(began), got)
	}
}

// TestKilledPackerEndsTheWait puts a shell in Packer's place and kills it.
func TestKilledPackerEndsTheWait(t *testing.T) {
	t.Parallel()
	run := newRun(t, time.Minute)
	run.parent, run.arguments = "sh", []string{"-c", `exec 3<&0; "$0" <&3 & wait`}
	b, _ := run.join(member("os-only", ""))
	b.fine(order{Verb: "start"})
	b.fine(order{Verb: "join", Member: member("hybrid", "os-only"), Grace: run.grace})
	b.tell(order{Verb: "wait", Key: key("os-only")})
	if err := b.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if got := b.hear(); !strings.Contains(got.Error, "packer ended") || time.Since(began) > time.Second {
		t.Errorf("after %v: %+v", time.Since(began), got)
	}
}

func TestResultOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	run := newRun(t, time.Minute)
	parent, _ := run.join(member("os-only", ""))
	child, _ := run.join(member("hybrid", "os-only"))
	parent.fine(done("ami-1"))
	parent.kill()
	if got := child.ask(order{Verb: "wait", Key: key("os-only")}); got.Result.ImageID != "ami-1" {
		t.Errorf("got %+v", got)
	}
}

func TestParentsThatGiveNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		parentFirst bool
		publish     []Result
		want        Failure
		text        string
	}{
		"failed":            {true, []Result{{Status: Failed, Reason: "no capacity"}}, ParentFailed, "no capacity"},
		"destroyed":         {true, []Result{{Status: Done, ImageID: "a", Version: "v"}, {Status: Destroyed}}, ParentDestroyed, "post-processor"},
		"prepared, not run": {true, nil, ParentDropped, "did not run it"},
		"declared later":    {false, nil, ParentQueued, "queued behind this build: declare it first or raise -parallel-builds"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := newRun(t, 150*time.Millisecond)
			var parent, child *builder
			var joined answer
			if c.parentFirst {
				parent, _ = run.join(member("os-only", ""))
				child, joined = run.join(member("hybrid", "os-only"))
			} else {
				child, _ = run.join(member("hybrid", "os-only"))
				parent, joined = run.join(member("os-only", ""))
			}
			if (len(joined.Warnings) == 1) == c.parentFirst {
				t.Errorf("warnings %q", joined.Warnings)
			}
			for _, r := range c.publish {
				parent.fine(order{Verb: "publish", Result: r})
			}
			got := child.ask(order{Verb: "wait", Key: key("os-only")})
			if got.Failure != string(c.want) || !strings.Contains(got.Error, c.text) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestLateParentThatRunsInTimeIsFine(t *testing.T) {
	t.Parallel()
	run := newRun(t, time.Minute)
	child, _ := run.join(member("hybrid", "os-only"))
	parent, _ := run.join(member("os-only", ""))
	child.tell(order{Verb: "wait", Key: key("os-only")})
	parent.fine(order{Verb: "start"})
	parent.fine(done("ami-1"))
	if got := child.hear(); got.Result.ImageID != "ami-1" {
		t.Errorf("got %+v", got)
	}
}

func TestDuplicateOfALivingBuild(t *testing.T) {
	t.Parallel()
	run := newRun(t, time.Minute)
	first, _ := run.join(member("os-only", ""))
	if _, second := run.join(member("os-only", "")); !strings.Contains(second.Error, "both make web/os-only") {
		t.Errorf("got %+v", second)
	}
	first.kill()
	if _, third := run.join(member("os-only", "")); third.Error != "" {
		t.Errorf("a dead build is in the way: %s", third.Error)
	}
}

func TestRunsDoNotMix(t *testing.T) {
	t.Parallel()
	run := newRun(t, time.Minute)
	run.join(member("os-only", ""))
	other := &packerRun{tb: t, temp: run.temp, run: run.run + "-other", grace: time.Minute}
	child, _ := other.join(member("hybrid", "os-only"))
	if got := child.ask(order{Verb: "wait", Key: key("os-only")}); !got.NotInRun {
		t.Errorf("got %+v", got)
	}
}

// TestOrdersAndParallelism plays Packer: builds get their slots in the order of
// declaration. Declared parents first, all parallelisms work; otherwise it works
// or fails with "queued", and never hangs.
func TestOrdersAndParallelism(t *testing.T) {
	t.Parallel()
	tiers := []string{"os-only", "hybrid", "full"}
	below := map[string]string{"hybrid": "os-only", "full": "hybrid"}
	for _, perm := range [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		for slots := 1; slots <= 3; slots++ {
			t.Run(fmt.Sprintf("%v/%d", perm, slots), func(t *testing.T) {
				t.Parallel()
				run := newRun(t, time.Second)
				var builders []*builder
				for _, i := range perm {
					b, joined := run.join(member(tiers[i], below[tiers[i]]))
					if joined.Error != "" {
						t.Fatal(joined.Error)
					}
					builders = append(builders, b)
				}
				failures := playPacker(builders, slots, func(at int) (string, string) { return tiers[perm[at]], below[tiers[perm[at]]] })
				inOrder := perm == [3]int{0, 1, 2}
				if (inOrder || slots == 3) && len(failures) > 0 {
					t.Errorf("failures: %v", failures)
				}
				if perm[0] != 0 && slots == 1 && !strings.Contains(strings.Join(failures, " "), "queued behind this build") {
					t.Errorf("a child alone before its parent gave %v", failures)
				}
			})
		}
	}
}

func playPacker(builders []*builder, slots int, of func(at int) (tier, parent string)) []string {
	var mu sync.Mutex
	var failures []string
	var running sync.WaitGroup
	free := make(chan struct{}, slots)
	for at, b := range builders {
		free <- struct{}{}
		running.Go(func() {
			defer func() { <-free }()
			b.fine(order{Verb: "start"})
			tier, parent := of(at)
			result := done("ami-" + tier)
			if parent != "" {
				got := b.ask(order{Verb: "wait", Key: key(parent)})
				if got.Error == "" && got.Result.ImageID != "ami-"+parent {
					got.Error = "wrong parent " + got.Result.ImageID
				}
				if got.Error != "" {
					mu.Lock()
					failures = append(failures, got.Error)
					mu.Unlock()
					result.Result = Result{Status: Failed, Reason: got.Error}
				}
			}
			b.fine(result)
		})
	}
	running.Wait()
	return failures
}
