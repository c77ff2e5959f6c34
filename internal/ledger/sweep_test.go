package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// account is a strict one: it deletes only what exists and nothing depends on.
type account struct {
	mu      sync.Mutex
	exists  map[string]cloud.Kind
	order   []cloud.Kind
	refuses map[string]error
	hangs   map[string]bool
}

func (a *account) Delete(ctx context.Context, r cloud.Resource) error {
	if a.hangs[r.ID] {
		<-ctx.Done()
		return ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.refuses[r.ID]; err != nil {
		return err
	}
	if _, ok := a.exists[r.ID]; !ok {
		return fmt.Errorf("%s was never made", r)
	}
	if r.Kind == cloud.KindSecurityGroup {
		for _, kind := range a.exists {
			if kind == cloud.KindInstance {
				return errors.New("DependencyViolation")
			}
		}
	}
	delete(a.exists, r.ID)
	a.order = append(a.order, r.Kind)
	return nil
}

func fill(t *testing.T, l *Ledger, a *account, kinds ...cloud.Kind) {
	t.Helper()
	for i, kind := range kinds {
		id := fmt.Sprintf("%s-%d", kind, i)
		a.exists[id] = kind
		must(t, l.Created(t.Context(), cloud.Resource{Kind: kind, ID: id, Region: "eu-west-1"}))
	}
}

func TestSweepOrder(t *testing.T) {
	t.Parallel()
	l, a := open(t, t.TempDir(), "web"), &account{exists: map[string]cloud.Kind{}}
	fill(t, l, a, cloud.KindSnapshot, cloud.KindImage, cloud.KindVolume, cloud.KindRole, cloud.KindInstanceProfileRole, cloud.KindRolePolicy,
		cloud.KindInstanceProfile, cloud.KindSecurityGroup, cloud.KindKeyPair, cloud.KindLaunchTemplate, cloud.KindInstance, cloud.KindInstance)
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // a sweep is for after Ctrl-C
	left, err := l.Sweep(ctx, a)
	if err != nil || len(left) != 0 || len(a.exists) != 0 {
		t.Fatalf("left %v, %v", left, err)
	}
	rank := map[cloud.Kind]int{}
	for n, kinds := range stages {
		for _, k := range kinds {
			rank[k] = n
		}
	}
	if !slices.IsSortedFunc(a.order, func(x, y cloud.Kind) int { return rank[x] - rank[y] }) {
		t.Errorf("order %v", a.order)
	}
}

func TestSweepGoesOnAfterFailures(t *testing.T) {
	t.Parallel()
	l := open(t, t.TempDir(), "web")
	a := &account{exists: map[string]cloud.Kind{}, refuses: map[string]error{"image-1": errors.New("protected")}}
	fill(t, l, a, cloud.KindInstance, cloud.KindImage, cloud.KindSnapshot, "bucket")
	left, err := l.Sweep(t.Context(), a)
	if got := ids(left); got != "image-1 bucket-3" {
		t.Errorf("left %s", got)
	}
	for _, want := range []string{"image-1", "protected", "bucket-3"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %s", err, want)
		}
	}
	a.refuses = nil
	if left, _ := l.Sweep(t.Context(), a); ids(left) != "bucket-3" {
		t.Errorf("second sweep left %v", left)
	}
}

func TestSweepIsBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l, err := Open(dir, "run1", "web")
		must(t, err)
		a := &account{exists: map[string]cloud.Kind{}, hangs: map[string]bool{"instance-0": true}}
		fill(t, l, a, cloud.KindInstance, cloud.KindImage)
		begun := time.Now()
		left, err := l.Sweep(t.Context(), a)
		if took := time.Since(begun); took != stageTimeout {
			t.Errorf("took %s", took)
		}
		if ids(left) != "instance-0" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("left %v, %v: the image had time", left, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun = time.Now()
		if _, err = l.Sweep(ctx, a); err == nil || time.Since(begun) != time.Second {
			t.Errorf("%v after %s: the caller's deadline counts", err, time.Since(begun))
		}
		must(t, l.Close())
	})
}

// Live is what was created less what was deleted and kept, whatever the order,
// also when read back by another process, and a sweep deletes just that.
func TestLiveIsTheDifference(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := 0
	kinds := []cloud.Kind{cloud.KindInstance, cloud.KindImage, cloud.KindSnapshot, cloud.KindKeyPair, cloud.KindRole}
	rapid.Check(t, func(t *rapid.T) {
		n++
		l, err := Open(dir, fmt.Sprintf("run%d", n), "web")
		if err != nil {
			t.Fatal(err)
		}
		a := &account{exists: map[string]cloud.Kind{"image-foreign": cloud.KindImage}}
		want, kept := map[string]bool{}, map[string]bool{}
		step := rapid.Custom(func(t *rapid.T) [2]int {
			return [2]int{rapid.IntRange(0, 3).Draw(t, "what"), rapid.IntRange(0, 9).Draw(t, "which")}
		})
		for _, s := range rapid.SliceOfN(step, 0, 40).Draw(t, "steps") {
			kind := kinds[s[1]%len(kinds)]
			r := cloud.Resource{Kind: kind, ID: fmt.Sprintf("%s-%d", kind, s[1]), Region: "eu-west-1"}
			switch s[0] {
			case 0:
				a.exists[r.ID], want[r.ID] = kind, true
				err = l.Created(context.Background(), r)
			case 1:
				delete(want, r.ID)
				delete(a.exists, r.ID)
				err = l.Deleted(context.Background(), r)
			case 2:
				kept[r.ID] = true
				err = l.Keep(context.Background(), r.ID)
			case 3:
				if err = l.leave(); err == nil {
					l, err = resumed(l.Path())
				}
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		for id := range kept {
			delete(want, id)
		}
		got := map[string]bool{}
		for _, r := range l.Live() {
			got[r.ID] = true
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("live %v, want %v", got, want)
		}
		before := len(a.exists)
		if left, err := l.Sweep(context.Background(), a); err != nil || len(left) != 0 {
			t.Fatalf("left %v, %v", left, err)
		}
		if len(a.exists) != before-len(want) || a.exists["image-foreign"] == "" {
			t.Fatalf("%d existed, %d were live, %d are left", before, len(want), len(a.exists))
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
