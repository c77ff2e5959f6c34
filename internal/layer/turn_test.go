package layer

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestWithoutLocks goes through a run on a file system that has none: builds see each
// other, and notice when one dies.
func TestWithoutLocks(t *testing.T) {
	t.Parallel()
	run := newRun(t, time.Minute)
	run.machine = "lockless"
	parent, _ := run.join(member("os-only", ""))
	child, joined := run.join(member("hybrid", "os-only"))
	if len(joined.Warnings) != 0 {
		t.Errorf("warnings %q", joined.Warnings)
	}
	if _, second := run.join(member("os-only", "")); !strings.Contains(second.Error, "both make web/os-only") {
		t.Errorf("a duplicate gave %+v", second)
	}
	parent.fine(order{Verb: "start"})
	parent.fine(done("ami-1"))
	if got := child.ask(order{Verb: "wait", Key: key("os-only")}); got.Result.ImageID != "ami-1" {
		t.Errorf("got %+v", got)
	}
	if used := parent.fine(order{Verb: "used"}); !used.Used {
		t.Error("not used, although a child has the image")
	}
	grandchild, _ := run.join(member("full", "hybrid"))
	grandchild.tell(order{Verb: "wait", Key: key("hybrid")})
	child.kill()
	if got := grandchild.hear(); got.Failure != string(ParentDied) {
		t.Errorf("after kill -9 of its parent: %+v", got)
	}
	if used := parent.fine(order{Verb: "used"}); used.Used {
		t.Error("used by a dead child")
	}
}

// TestTheRoomIsSharedWhereLocksComeAndGo: one process finds that locks work, another one
// that they do not.
func TestTheRoomIsSharedWhereLocksComeAndGo(t *testing.T) {
	t.Parallel()
	for _, machines := range [][2]string{{"", "lockless"}, {"lockless", ""}} {
		run := newRun(t, time.Minute)
		run.machine = machines[0]
		parent, _ := run.join(member("os-only", ""))
		run.machine = machines[1]
		child, _ := run.join(member("hybrid", "os-only"))
		parent.fine(order{Verb: "start"})
		child.tell(order{Verb: "wait", Key: key("os-only")})
		parent.kill()
		if got := child.hear(); got.Failure != string(ParentDied) {
			t.Errorf("%q: %+v", machines, got)
		}
	}
}

func testRoom(t *testing.T) *room {
	t.Helper()
	r, detour, err := openRoom([]place{{dir: t.TempDir()}}, "run", thisMachine{})
	if err != nil || detour != nil {
		t.Fatal(err, detour)
	}
	return r
}

func TestOneTurnAtATime(t *testing.T) {
	t.Parallel()
	r := testRoom(t)
	var inside, turns atomic.Int32 // a turn is a folder, which the race detector knows nothing of
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				err := r.locked(func() error {
					if n := inside.Add(1); n != 1 {
						t.Errorf("%d at once", n)
					}
					turns.Add(1)
					time.Sleep(time.Millisecond) // long enough for another to be seen
					inside.Add(-1)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if left, err := os.ReadDir(r.dir); turns.Load() != 40 || err != nil || len(left) != 0 {
		t.Errorf("%d turns, left %v, %v", turns.Load(), left, err)
	}
}

// TestTheDeadLoseTheirTurn plants what a killed process leaves at each moment.
func TestTheDeadLoseTheirTurn(t *testing.T) {
	t.Parallel()
	dead := processOf(os.Getpid())
	dead.Start = "1" // an earlier process had this id
	for name, owners := range map[string][]process{
		"in its turn":         {dead},
		"while it ended it":   {},
		"process id of none":  {{Host: hostName(), PID: 1 << 22}},
		"before it had begun": nil,
	} {
		r := testRoom(t)
		if owners != nil {
			plantTurn(t, r, owners...)
		}
		ran := false
		if err := r.locked(func() error { ran = true; return nil }); err != nil || !ran {
			t.Errorf("%s: ran %v, %v", name, ran, err)
		}
	}
}

func TestTheLivingKeepTheirTurn(t *testing.T) {
	t.Parallel()
	r := testRoom(t)
	elsewhere := process{Host: "another-" + hostName(), PID: 1 << 22}
	for _, owner := range []process{processOf(os.Getpid()), elsewhere} {
		plantTurn(t, r, owner)
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			err := r.locked(func() error { t.Error("two at once"); return nil })
			if err == nil || !strings.Contains(err.Error(), r.dir) || time.Since(began) > 2*turnTimeout {
				t.Errorf("after %s: %v", time.Since(began), err)
			}
		})
		if err := os.RemoveAll(r.turn()); err != nil {
			t.Fatal(err)
		}
	}
}

func plantTurn(t *testing.T, r *room, owners ...process) {
	t.Helper()
	if err := os.Mkdir(r.turn(), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, owner := range owners {
		raw, err := json.Marshal(owner)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(r.turn(), "owner"), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestUnusablePlaces: what cannot be used is replaced by the next folder, and the user
// is told.
func TestUnusablePlaces(t *testing.T) {
	t.Parallel()
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, first := range map[string]string{
		"missing": filepath.Join(t.TempDir(), "absent"),
		"a file":  filepath.Join(foreign, "file"),
	} {
		cache := filepath.Join(t.TempDir(), "cache", "goldenami")
		meet := func(o *options) { o.places = []place{{dir: first}, {dir: cache, make: true}} }
		parent, warnings, err := Join(member("os-only", ""), WithRunID("run"), meet)
		if err != nil || !parent.Joined() || len(warnings) != 1 || !strings.Contains(warnings[0], cache) || !strings.Contains(warnings[0], "set TMPDIR") {
			t.Fatalf("%s: joined %v, %q, %v", name, parent.Joined(), warnings, err)
		}
		child, _, err := Join(member("hybrid", "os-only"), WithRunID("run"), meet)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := child.Peek(key("os-only")); err != nil || got.Status != Prepared {
			t.Errorf("%s: the child sees %+v, %v", name, got, err)
		}
		for _, s := range []*Session{parent, child} {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		nowhere, warnings, err := Join(member("os-only", ""), WithTempDir(first))
		if err != nil || nowhere.Joined() || len(warnings) != 1 || !strings.Contains(warnings[0], "cannot see each other") {
			t.Errorf("%s, and nothing else: joined %v, %q, %v", name, nowhere.Joined(), warnings, err)
		}
	}
}
