package layer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

func key(tier string) Key {
	return Key{Family: "web", Tier: ami.Tier(tier), Architecture: "x86_64", Region: "eu-west-1"}
}

func member(tier, parent string) Member {
	m := Member{Key: key(tier), Name: "build-" + tier}
	if parent != "" {
		m.Parent = key(parent)
	}
	return m
}

// joinHere joins in this process, in a folder of the test's own.
func joinHere(t *testing.T, temp string, m Member) *Session {
	t.Helper()
	s, _, err := Join(m, WithTempDir(temp), WithRunID("run"), WithGrace(30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestUnknownKeysJoinNothing(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	unknownFamily, unknownParent := member("hybrid", "os-only"), member("hybrid", "os-only")
	unknownFamily.Family, unknownParent.Parent.Region = "a-<unknown>", "<unknown>"
	for _, m := range []Member{unknownFamily, unknownParent} {
		s := joinHere(t, temp, m)
		if s.Joined() {
			t.Errorf("%+v joined", m)
		}
		if err := s.Start(); err != nil {
			t.Error(err)
		}
		if _, err := s.Wait(t.Context(), key("os-only"), nil); !errors.Is(err, ErrNotInRun) {
			t.Errorf("wait: %v", err)
		}
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) != 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}

func TestImpossibleParents(t *testing.T) {
	t.Parallel()
	for want, m := range map[string]Member{
		"is its own parent":                  member("hybrid", "hybrid"),
		"tier hybrid cannot build on tier f": member("hybrid", "full"),
	} {
		if _, _, err := Join(m, WithTempDir(t.TempDir())); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	temp := t.TempDir()
	a, b := member("hybrid", ""), member("hybrid", "")
	a.Family, b.Family = "a", "b"
	a.Parent, b.Parent = b.Key, a.Key
	joinHere(t, temp, a)
	if _, _, err := Join(b, WithTempDir(temp), WithRunID("run")); err == nil || !strings.Contains(err.Error(), "in a circle: b/hybrid") {
		t.Errorf("got %v", err)
	}
}

func TestPreparingAgainReplaces(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	first := joinHere(t, temp, member("os-only", ""))
	second := joinHere(t, temp, member("os-only", ""))
	if err := first.Publish(Result{Status: Failed}); err != nil {
		t.Fatal(err)
	}
	if got, err := second.Peek(key("os-only")); err != nil || got.Status != Prepared {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestForgottenSessionStaysAlive: a build that does not keep its session is
// still no dead one.
func TestForgottenSessionStaysAlive(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	if _, _, err := Join(member("os-only", ""), WithTempDir(temp), WithRunID("run")); err != nil {
		t.Fatal(err)
	}
	child := joinHere(t, temp, member("hybrid", "os-only"))
	for range 3 {
		runtime.GC()
		time.Sleep(5 * time.Millisecond) // cleanups run beside the program
	}
	if seen, err := child.look(key("os-only"), 0); err != nil || seen.result.Status != Prepared {
		t.Errorf("got %+v, %v", seen, err)
	}
}

func TestPublishRefusesHalfResults(t *testing.T) {
	t.Parallel()
	s := joinHere(t, t.TempDir(), member("os-only", ""))
	for _, r := range []Result{{}, {Status: Done, Version: "v"}, {Status: Reused, ImageID: "a"}, {Status: Prepared}, {Status: "ready"}} {
		if s.Publish(r) == nil {
			t.Errorf("%+v was taken", r)
		}
	}
	if err := s.Publish(Result{Status: Failed, Reason: strings.Repeat("x", 1<<20)}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Peek(key("os-only")); err != nil || len(got.Reason) != maxReason {
		t.Errorf("%d characters, %v", len(got.Reason), err)
	}
}

func TestWaitReportsAndKeepsTheGrace(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	parent := joinHere(t, temp, member("os-only", ""))
	child := joinHere(t, temp, member("hybrid", "os-only"))
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := child.Wait(t.Context(), key("os-only"), nil)
		var failure *ParentError
		if waited := time.Since(began); !errors.As(err, &failure) || failure.Failure != ParentDropped || waited < 30*time.Second || waited > 31*time.Second {
			t.Errorf("after %v: %v", waited, err)
		}
		if err := parent.Start(); err != nil {
			t.Fatal(err)
		}
		var said []string
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Second)
		defer cancel()
		_, err = child.Wait(ctx, key("os-only"), func(s string) { said = append(said, s) })
		if !errors.Is(err, context.DeadlineExceeded) || len(said) != 3 || !strings.Contains(said[2], "waiting for web/os-only (x86_64, eu-west-1), which this run is building (2m0s so far)") {
			t.Errorf("%v, said %q", err, said)
		}
	})
}

// TestWorkBeforeTheParentIsWaitedFor: with two slots the parent is queued behind a third
// build, whose end gives it a slot, so the child waits for longer than the grace.
func TestWorkBeforeTheParentIsWaitedFor(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	child := joinHere(t, temp, member("full", "hybrid"))
	other := joinHere(t, temp, member("os-only", ""))
	parent := joinHere(t, temp, member("hybrid", "os-only"))
	if err := errors.Join(child.Start(), other.Start()); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		time.AfterFunc(time.Minute, func() {
			if err := other.Publish(Result{Status: Done, ImageID: "ami-1", Version: "V1"}); err != nil {
				t.Error(err)
			}
		})
		_, err := child.Wait(t.Context(), key("hybrid"), nil)
		var failure *ParentError
		if waited := time.Since(began); !errors.As(err, &failure) || failure.Failure != ParentQueued || waited < time.Minute || waited > 2*time.Minute {
			t.Errorf("after %v: %v", waited, err)
		}
		if err := other.waiting(key("hybrid")); err != nil { // it works no more
			t.Fatal(err)
		}
		if err := errors.Join(other.Start(), parent.Publish(Result{Status: Running})); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(2*time.Minute, func() {
			if err := parent.Publish(Result{Status: Done, ImageID: "ami-2", Version: "V2"}); err != nil {
				t.Error(err)
			}
		})
		if got, err := child.Wait(t.Context(), key("hybrid"), nil); err != nil || got.ImageID != "ami-2" {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

func TestOrphanedChildStops(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	joinHere(t, temp, member("os-only", ""))
	child := joinHere(t, temp, member("hybrid", "os-only"))
	child.packer = process{PID: -1} // as if the parent process had changed since
	if _, err := child.Wait(t.Context(), key("os-only"), nil); !errors.Is(err, errOrphaned) {
		t.Errorf("got %v", err)
	}
}

func TestForeignFoldersAreRefused(t *testing.T) {
	t.Parallel()
	own := t.TempDir()
	if err := os.Chmod(own, 0o700); err != nil { // the link alone is wrong
		t.Fatal(err)
	}
	for name, plant := range map[string]func(base string) error{
		"open to others": func(base string) error { return errors.Join(os.Mkdir(base, 0o700), os.Chmod(base, 0o777)) },
		"a link":         func(base string) error { return os.Symlink(own, base) },
		"a file":         func(base string) error { return os.WriteFile(base, nil, 0o600) },
	} {
		temp := t.TempDir()
		if err := plant(filepath.Join(temp, fmt.Sprintf("goldenami-%d", os.Getuid()))); err != nil {
			t.Fatal(err)
		}
		s, warnings, err := Join(member("os-only", ""), WithTempDir(temp))
		if err != nil || s.Joined() || len(warnings) != 1 || !strings.Contains(warnings[0], "set TMPDIR") {
			t.Errorf("%s: joined %v, %q, %v", name, s.Joined(), warnings, err)
		}
	}
}

func TestSweepRemovesOnlyTheDead(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	living, _, err := Join(member("os-only", ""), WithTempDir(temp), WithRunID("living"))
	if err != nil {
		t.Fatal(err)
	}
	dead, _, err := Join(member("os-only", ""), WithTempDir(temp), WithRunID("dead"))
	if err != nil {
		t.Fatal(err)
	}
	young, _, err := Join(member("os-only", ""), WithTempDir(temp), WithRunID("young"))
	if err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-2 * staleAfter)
	for _, s := range []*Session{living, dead} {
		if err := os.Chtimes(s.room.dir, old, old); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []*Session{dead, young} {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	joinHere(t, temp, member("os-only", ""))
	for s, want := range map[*Session]bool{living: true, dead: false, young: true} {
		if _, err := os.Stat(s.room.dir); (err == nil) != want {
			t.Errorf("%s: %v, want it there: %v", s.room.dir, err, want)
		}
	}
	if err := living.Close(); err != nil {
		t.Fatal(err)
	}
}
