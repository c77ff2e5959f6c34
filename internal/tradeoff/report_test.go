package tradeoff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sync/errgroup"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

var now = time.Date(2026, 11, 28, 5, 0, 0, 0, time.UTC)

func entryOf(tier, version string) Entry {
	return Entry{
		Family: "web", Tier: tier, Region: "eu-west-1", Architecture: "x86_64", Image: "ami-" + version, Version: version,
		BuiltAt: now, ExpiresAt: now.Add(30*24*time.Hour - time.Minute), Figures: Figures{Launch: 12.3, Own: 0.4},
	}
}

func TestTheTableShowsWhatIsKnown(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	forever := entryOf("full", "2")
	forever.ExpiresAt, forever.Figures = time.Time{}, nil
	if err := Table(&out, now, entryOf("os-only", "1"), forever); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	for n, want := range []string{
		"TIER AMI WAITED LAUNCH CONNECT PROVISION IMAGE TEST BOOT FIRST BOOT OWN INHERITED USD/MONTH DAYS LEFT",
		"os-only ami-1 - 12.3 s - - - - - - 409.6 MiB - - 29",
		"full ami-2 - - - - - - - - - - - -",
	} {
		if got := strings.Join(strings.Fields(lines[n]), " "); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

func written(t *testing.T, path string) report {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return r
}

func TestTheFileKeepsTheNewestOfEach(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "metrics.json")
	other := entryOf("full", "1")
	other.Region = "us-east-1"
	for _, some := range [][]Entry{{entryOf("full", "2"), entryOf("os-only", "1")}, {entryOf("full", "1"), other}, {entryOf("os-only", "3")}} {
		if err := Merge(t.Context(), path, now, some...); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, e := range written(t, path).Images {
		got = append(got, e.Region+" "+e.Tier+" "+e.Image)
	}
	if want := "eu-west-1 os-only ami-3, eu-west-1 full ami-2, us-east-1 full ami-1"; strings.Join(got, ", ") != want {
		t.Errorf("%q", got)
	}
	one := written(t, path).Images[1]
	if one.Figures["launch_seconds"] != 12.3 || one.Figures["own_gib"] != 0.4 || len(one.Figures) != 2 || *one.DaysLeft != 29 || !one.ExpiresAt.Equal(entryOf("", "").ExpiresAt) {
		t.Errorf("%+v", one)
	}
}

func TestBuildsThatWriteAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "metrics.json")
	var all errgroup.Group
	const builds = 12
	for n := range builds {
		all.Go(func() error {
			e := entryOf("full", "1")
			e.Family = fmt.Sprint("family-", n)
			return Merge(t.Context(), path, now, e)
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := len(written(t, path).Images); got != builds {
		t.Errorf("%d of %d are left", got, builds)
	}
}

func TestAWaitForTheFileEnds(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "metrics.json")
	other := flock.New(filepath.Join(filepath.Dir(path), ".metrics.json.lock"))
	if err := other.Lock(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if err := Merge(ctx, path, now, entryOf("full", "1")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if err := other.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := Merge(t.Context(), path, now, entryOf("full", "1")); err != nil {
		t.Error(err)
	}
}

func TestAFileOfOthersIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "not JSON", "[]", `{"schema":2,"images":[]}`, `{"images":[]}`} {
		path := filepath.Join(t.TempDir(), "notes.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Merge(t.Context(), path, now, entryOf("full", "1")); err == nil {
			t.Errorf("%q was replaced", text)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%q became %q, %v", text, got, err)
		}
	}
}

func TestTheNewestOfEachTierIsShown(t *testing.T) {
	t.Parallel()
	image := func(tier ami.Tier, id, metrics string) ami.Image {
		return ami.Image{ID: id, Region: "eu-west-1", Meta: ami.Meta{Family: "web", Tier: tier, Metrics: metrics, ExpiresAt: now}}
	}
	got := EntriesOf([]ami.Image{
		image(ami.Full, "ami-3", "boot=2 from-another-version=1"), image(ami.OSOnly, "ami-2", "boot=1.5"), image(ami.Full, "ami-1", "boot=3"),
	})
	if len(got) != 2 || got[0].Image != "ami-2" || got[0].Figures[Boot] != 1.5 || got[1].Image != "ami-3" || got[1].Figures != nil || !got[1].ExpiresAt.Equal(now) {
		t.Errorf("%+v", got)
	}
}

func TestSmallSizesAndSumsAreShown(t *testing.T) {
	t.Parallel()
	for value, want := range map[float64]string{0: "0.00 GiB", 2.5: "2.50 GiB", 0.25: "256.0 MiB", 1.0 / 1024: "1.0 MiB", 0.0001: "105 KiB"} {
		if got := inSize(value); got != want {
			t.Errorf("%v GiB is %q, not %q", value, got, want)
		}
	}
	for value, want := range map[float64]string{0: "0.0000", 0.00001: "< 0.0001", 0.1: "0.1000", 12: "12.0000"} {
		if got := inMoney(value); got != want {
			t.Errorf("%v USD are %q, not %q", value, got, want)
		}
	}
}
