package world

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
)

func newWorld(t *testing.T, dir string) *World {
	t.Helper()
	w, err := New(Options{Dir: dir, Backend: instance.NewNone()})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestStateSurvivesARestartAndIsPrivate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	w := newWorld(t, dir)
	key := w.Credentials(HomeAccount)
	w.Do(func() {
		r := w.Region(HomeAccount, "us-east-1")
		r.Images.Put("ami-1", &Image{ID: "ami-1", OwnerID: HomeAccount})
		r.SetTags("ami-1", map[string]string{"a": "b"})
		r.Instances["i-1"] = &Instance{ID: "i-1", State: StateRunning}
	})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, stateFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("state file: %v, %v", info, err)
	}

	again := newWorld(t, dir)
	defer func() { _ = again.Close() }()
	if got := again.Credentials(HomeAccount); got.ID != key.ID || got.Secret != key.Secret {
		t.Error("the credentials changed")
	}
	again.Do(func() {
		r := again.Region(HomeAccount, "us-east-1")
		if r.Images.Get("ami-1") == nil || r.TagsOf("ami-1")["a"] != "b" || len(r.VPCs) != 1 {
			t.Errorf("lost: %+v", r)
		}
		if i := r.Instances["i-1"]; i.State != StateStopped || i.Reason.Code != "Server.ScheduledStop" {
			t.Errorf("a running instance must be found stopped: %+v", i)
		}
	})
}

func TestBrokenStateIsRefusedNotOverwritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, stateFile)
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{Dir: dir}); err == nil {
		t.Fatal("a broken state was accepted")
	}
	if text, _ := os.ReadFile(path); string(text) != "{" {
		t.Error("the broken state was overwritten")
	}
}

func TestVendorImagesAreTheSameInEveryWorldAndDifferByRegion(t *testing.T) {
	t.Parallel()
	ids := func(region string) []string {
		w := newWorld(t, "")
		defer func() { _ = w.Close() }()
		var ids []string
		w.Do(func() {
			for _, i := range w.VisibleImages(region, HomeAccount) {
				ids = append(ids, i.ID)
			}
		})
		slices.Sort(ids)
		return ids
	}
	first, second, elsewhere := ids("us-east-1"), ids("us-east-1"), ids("eu-west-1")
	if len(first) != len(vendorImages) || !slices.Equal(first, second) {
		t.Errorf("%v and %v", first, second)
	}
	if slices.Contains(elsewhere, first[0]) {
		t.Error("an image id occurs in two Regions")
	}
}

func TestSerialKeepsTheOrderPerID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	var mu sync.Mutex
	var order []int
	for n := range 20 {
		w.Do(func() {
			w.Serial("i-1", func(context.Context) {
				mu.Lock()
				defer mu.Unlock()
				order = append(order, n)
			})
		})
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if len(order) != 20 || !slices.IsSorted(order) {
		t.Errorf("order %v", order)
	}
}

func TestImageAndSnapshotStatesFollowTheClock(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	i := &Image{ReadyAt: start.Add(time.Minute)}
	s := &Snapshot{Started: start, ReadyAt: start.Add(time.Minute)}
	if i.State(start) != "pending" || s.State(start) != "pending" || s.Percent(start.Add(30*time.Second)) != 50 {
		t.Errorf("at the start: %s %s %d", i.State(start), s.State(start), s.Percent(start.Add(30*time.Second)))
	}
	later := start.Add(2 * time.Minute)
	if i.State(later) != "available" || s.State(later) != "completed" || s.Percent(later) != 100 {
		t.Errorf("later: %s %s", i.State(later), s.State(later))
	}
	i.Failure, s.Failure = &Reason{}, "x"
	if i.State(later) != "failed" || s.State(later) != "error" {
		t.Errorf("failed: %s %s", i.State(later), s.State(later))
	}
	i.Held, s.Held = true, true
	if i.State(later) != "pending" || s.State(later) != "pending" {
		t.Error("held resources must stay pending")
	}
}

func TestParseDelays(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "d.json")
	text := `{"boot":"2s","copy":"1s","copy_mib_per_second":10240,"regions":{"eu-west-1":{"copy":"5s"}}}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := ParseDelays(file)
	if err != nil {
		t.Fatal(err)
	}
	if d.In("us-east-1").CopyTime(10) != 2*time.Second || d.In("eu-west-1").CopyTime(10) != 5*time.Second || time.Duration(d.Boot) != 2*time.Second {
		t.Errorf("%+v", d)
	}
	for _, bad := range []string{"nonsense", filepath.Join(t.TempDir(), "absent")} {
		if _, err := ParseDelays(bad); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
	for _, content := range []string{`{"boot":"-1s"}`, `{"boot":5}`, `{"boat":"2s"}`, `{"regions":{"mars-1":{}}}`, `{`} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ParseDelays(file); err == nil {
			t.Errorf("%s was accepted", content)
		}
	}
}
