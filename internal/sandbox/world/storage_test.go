package world

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var dawn = time.Date(2026, 11, 21, 6, 0, 0, 0, time.UTC)

func TestSnapshotProgress(t *testing.T) {
	t.Parallel()
	s := &Snapshot{Started: dawn, ReadyAt: dawn.Add(100 * time.Second), SourceID: "snap-1"}
	for _, test := range []struct {
		after   time.Duration
		state   string
		percent int
		settled bool
	}{
		{0, "pending", 0, false},
		{9 * time.Second, "pending", 9, false},
		{10 * time.Second, "pending", 10, true},
		{99*time.Second + 999*time.Millisecond, "pending", 99, true},
		{100 * time.Second, "completed", 100, true},
	} {
		now := dawn.Add(test.after)
		if s.State(now) != test.state || s.Percent(now) != test.percent || s.Settled(now) != test.settled {
			t.Errorf("after %s: %s %d%% %v", test.after, s.State(now), s.Percent(now), s.Settled(now))
		}
	}
	s.Failure = "Source snapshot is not found."
	if got := s.State(dawn.Add(time.Hour)); got != "error" {
		t.Errorf("a failed copy is %s", got)
	}
	s.Held = true
	if s.State(dawn.Add(time.Hour)) != "pending" || s.Percent(dawn.Add(time.Hour)) != 0 {
		t.Error("a held snapshot goes on")
	}
}

// A killed endpoint leaves images whose disk nobody takes any more.
func TestHeldImagesOfAKilledEndpointHaveFailed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var images Table[Image]
	images.Put("ami-1", &Image{ID: "ami-1", OwnerID: HomeAccount, Held: true})
	var snapshots Table[Snapshot]
	snapshots.Put("snap-1", &Snapshot{ID: "snap-1", OwnerID: HomeAccount, Held: true, Layers: []string{"layer-1"}})
	kept := State{Accounts: map[string]*Account{HomeAccount: {ID: HomeAccount, Regions: map[string]*Region{"us-east-1": {
		Name: "us-east-1", Account: HomeAccount,
		Images: images, Snapshots: snapshots,
	}}}}}
	text, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, stateFile), text, 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := New(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	w.Do(func() {
		image, snapshot := w.FindImage("us-east-1", "ami-1"), w.FindSnapshot("us-east-1", "snap-1")
		if image.State(w.Now()) != "failed" || snapshot.State(w.Now()) != "error" || w.LayerInUse("layer-1") {
			t.Errorf("the image is %s, its snapshot %s", image.State(w.Now()), snapshot.State(w.Now()))
		}
	})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
