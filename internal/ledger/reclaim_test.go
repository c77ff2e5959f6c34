package ledger

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

const mine = "123456789012"

// world is an account in which earlier runs left things, and a run that comes after.
type world struct {
	account
	t      *testing.T
	dir    string
	calls  map[string][]cloud.Resource // what intended calls made
	good   map[string]bool
	asked  int // for the account
	mu     sync.Mutex
	output string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return &world{
		account: account{exists: map[string]cloud.Kind{}}, t: t, dir: t.TempDir(),
		calls: map[string][]cloud.Resource{}, good: map[string]bool{},
	}
}

// killed writes the ledger of a run that ended in the middle.
func (w *world) killed(name string, terms Terms, kinds ...cloud.Kind) *Ledger {
	w.t.Helper()
	l := open(w.t, w.dir, name)
	must(w.t, l.Terms(terms))
	for _, kind := range kinds {
		id := kind + "-" + name
		w.exists[id] = kind
		must(w.t, l.Created(w.t.Context(), cloud.Resource{Kind: kind, ID: id, Region: "eu-west-1"}))
	}
	return l
}

func (w *world) reclaim(ctx context.Context) string {
	w.t.Helper()
	w.output = ""
	(&Reclaimer{
		Dir: w.dir, Deleter: w,
		Account: func(context.Context) (string, error) { w.asked++; return mine, nil },
		Find: func(_ context.Context, call cloud.Call, run string) ([]cloud.Resource, bool, error) {
			return w.calls[run+" "+call.Name], call.Operation != "CreateFleet", nil
		},
		Unfinished: func(_ context.Context, image cloud.Resource) (bool, error) { return !w.good[image.ID], nil },
		Say: func(text string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.output += text + "\n"
		},
	}).Run(ctx)
	return w.output
}

func (w *world) has(t *testing.T, want ...string) {
	t.Helper()
	for _, id := range want {
		if _, ok := w.exists[id]; !ok {
			t.Errorf("%s is gone\n%s", id, w.output)
		}
	}
	if len(w.exists) != len(want) {
		t.Errorf("there are %v, and should be %v\n%s", w.exists, want, w.output)
	}
}

func gone(t *testing.T, l *Ledger, want bool) {
	t.Helper()
	if _, err := os.Stat(l.Path()); errors.Is(err, os.ErrNotExist) != want {
		t.Errorf("the ledger %s: %v", l.Path(), err)
	}
}

func TestReclaim(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dead := w.killed("dead", Terms{Account: mine}, cloud.KindImage, cloud.KindSecurityGroup, cloud.KindInstance, cloud.KindKeyPair)
	good := image("ami-good")
	w.exists["ami-good"], w.good["ami-good"] = cloud.KindImage, true
	finished := image("ami-finished")
	w.exists["ami-finished"] = cloud.KindImage
	must(t, dead.Created(t.Context(), good), dead.Created(t.Context(), finished), dead.Finish("ami-finished"), dead.leave())
	alive := w.killed("alive", Terms{Account: mine}, cloud.KindKeyPair)
	said := w.reclaim(t.Context())
	w.has(t, "ami-good", "ami-finished", "key-pair-alive")
	gone(t, dead, true)
	for _, want := range []string{"Removing what run run1 (dead) of ", "instance instance-dead in eu-west-1", "image ami-good in eu-west-1 is complete and stays"} {
		if !strings.Contains(said, want) {
			t.Errorf("not said: %s\n%s", want, said)
		}
	}
	if strings.Contains(said, "alive") {
		t.Errorf("a run that lives is meddled with:\n%s", said)
	}
	asked := w.asked
	if said := w.reclaim(t.Context()); said != "" || w.asked != asked {
		t.Errorf("with nothing to do it says %q and asks AWS %d times", said, w.asked-asked)
	}
	must(t, alive.leave())
}

func TestReclaimLeavesWhatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		terms Terms
		alter func(*Ledger)
		says  string
	}{
		"another account":  {terms: Terms{Account: "210987654321"}, says: "account 210987654321"},
		"another endpoint": {terms: Terms{Account: mine, Endpoint: "http://127.0.0.1:4566"}, says: "http://127.0.0.1:4566"},
		"-on-error":        {terms: Terms{Account: mine, Leave: true}, says: "-on-error"},
		"no account":       {says: "skip_credential_validation"},
		"another machine": {terms: Terms{Account: mine}, says: "another machine (elsewhere)", alter: func(l *Ledger) {
			must(t, l.record(event{Event: evOpen, Run: "run1", Name: "x", Host: &host{Name: "elsewhere", Boot: "b"}}))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			l := w.killed("x", tc.terms, cloud.KindInstance)
			if tc.alter != nil {
				tc.alter(l)
			}
			must(t, l.leave())
			if said := w.reclaim(t.Context()); !strings.Contains(said, tc.says) || !strings.Contains(said, l.Path()) || !strings.Contains(said, "instance-x") {
				t.Errorf("said %q", said)
			}
			w.has(t, "instance-x")
			gone(t, l, false)
		})
	}
}

func TestReclaimKeepsImagesWhereAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := w.killed("x", Terms{Account: mine, KeepImages: true}, cloud.KindImage, cloud.KindSnapshot, cloud.KindInstance)
	must(t, l.leave())
	w.reclaim(t.Context())
	w.has(t, "image-x", "snapshot-x")
	gone(t, l, true)
}

func TestReclaimFindsWhatNobodyHasTheIDOf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.dir = dir
		l := w.killed("x", Terms{Account: mine})
		for _, call := range []cloud.Call{{ID: "1", Operation: "RunInstances", Name: "made"}, {ID: "2", Operation: "CopyImage", Name: "nothing"}, {ID: "3", Operation: "CreateFleet", Name: "fleet"}} {
			must(t, l.Intend(t.Context(), call))
		}
		must(t, l.leave())
		w.exists["i-1"] = cloud.KindInstance
		w.calls["run1 made"] = []cloud.Resource{{Kind: cloud.KindInstance, ID: "i-1", Region: "eu-west-1"}}
		if said := w.reclaim(t.Context()); !strings.Contains(said, "whether the call CreateFleet fleet") {
			t.Errorf("said %q", said)
		}
		w.has(t)
		left, err := resume(l.Path())
		must(t, err)
		if calls := left.Unsettled(); len(calls) != 2 {
			t.Errorf("calls of which nothing is known yet: %v", calls)
		}
		must(t, left.leave())
		time.Sleep(again + time.Second)
		w.reclaim(t.Context())
		left, err = resume(l.Path())
		must(t, err)
		if calls := left.Unsettled(); len(calls) != 1 || calls[0].ID != "3" {
			t.Errorf("calls that can have made nothing count: %v", calls)
		}
		must(t, left.Refused(t.Context(), cloud.Call{ID: "3"}, nil), left.Close())
	})
}

func TestReclaimTriesAgainLater(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.dir = dir
		w.refuses = map[string]error{"instance-x": errors.New("denied")}
		l := w.killed("x", Terms{Account: mine}, cloud.KindInstance, cloud.KindKeyPair)
		must(t, l.leave())
		said := w.reclaim(t.Context())
		for _, want := range []string{"denied", "aws ec2 terminate-instances --instance-ids instance-x --region eu-west-1"} {
			if !strings.Contains(said, want) {
				t.Errorf("not said: %s\n%s", want, said)
			}
		}
		w.has(t, "instance-x")
		w.refuses = nil
		if said := w.reclaim(t.Context()); !strings.Contains(said, "tried again an hour after") {
			t.Errorf("said %q", said)
		}
		w.has(t, "instance-x")
		time.Sleep(again + time.Second)
		w.reclaim(t.Context())
		w.has(t)
		gone(t, l, true)
	})
}

// TestReclaimTakesTurns: of several runs one cleans up, and the others go on when that
// is done. Ctrl-C ends it.
func TestReclaimTakesTurns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hangs = map[string]bool{"instance-x": true}
	l := w.killed("x", Terms{Account: mine}, cloud.KindInstance)
	must(t, l.leave())
	ctx, cancel := context.WithCancel(t.Context())
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			one := &world{account: account{hangs: w.hangs, exists: w.exists}, t: t, dir: w.dir}
			one.reclaim(ctx)
		})
	}
	cancel()
	both.Wait()
	w.hangs = nil
	w.reclaim(t.Context())
	w.has(t, "instance-x") // tried within the hour, or not begun
	again, err := resumed(l.Path())
	must(t, err)
	must(t, again.Deleted(t.Context(), cloud.Resource{Kind: cloud.KindInstance, ID: "instance-x", Region: "eu-west-1"}), again.Close())
}

// TestReclaimPassesOverNewLedgers: a file whose owner has not locked it yet stays.
func TestReclaimPassesOverNewLedgers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := filepath.Join(w.dir, "run2.new"+suffix)
	must(t, os.WriteFile(path, nil, 0o600))
	w.reclaim(t.Context())
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}
