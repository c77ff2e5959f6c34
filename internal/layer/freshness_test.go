package layer

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"pgregory.net/rapid"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// current gives a question whose answer is reuse: an image of 10 days that
// expires in 20.
func current(t *testing.T, tier ami.Tier) Question {
	t.Helper()
	s := sum(t, sampleInputs(t))
	q := Question{Key: key(string(tier)), Sum: s, Declared: true, Now: now, ShelfLife: 30 * day}
	meta := ami.Meta{Inputs: s.String(), Version: "V2", Parent: "ami-p", Root: "ami-r", BuiltAt: now.Add(-10 * day), ExpiresAt: now.Add(20 * day)}
	q.Base = SourceBase("ami-p")
	if tier != ami.OSOnly {
		meta.ParentVersion = "V1"
		q.Base = Base{ImageID: "ami-p", Version: "V1"}
	}
	q.Current = &ami.Image{Meta: meta, ID: "ami-c"}
	return q
}

// reasons lists how to bring about each reason, in the order of Decide.
var reasons = []struct {
	reason Reason
	tier   ami.Tier
	says   string
	cause  func(*Question)
}{
	{Forced, "", "-force", func(q *Question) { q.Force = true }},
	{NoImage, "", "no good image yet", func(q *Question) { q.Current = nil }},
	{InputsChanged, "", "its stages and values changed since ami-c", func(q *Question) {
		q.Sum.Total, q.Sum.Stages, q.Sum.Values = "t", "s", "v"
	}},
	{ParentChanged, ami.Full, "was built on version V1, now the parent is version V9", func(q *Question) { q.Base.Version = "V9" }},
	{VendorNewer, ami.OSOnly, "the source image is ami-new", func(q *Question) { q.Base = SourceBase("ami-new") }},
	{OutOfDate, "", "last tenth of its shelf life", func(q *Question) { q.Now = now.Add(17*day + time.Second) }},
	{ScanDemands, "", "a fix of a finding of critical severity", func(q *Question) {
		if q.Scan = (&ScanPolicy{}); q.Current == nil {
			return
		}
		q.Current.Raw.ScanResults = &types.ScanResults{FindingScanDate: aws.Time(q.Now), CriticalFixAvailableSince: aws.Time(q.Now.Add(-73 * time.Hour))}
	}},
	{Undeclared, "", "inputs { files = [...] values = {...} }", func(q *Question) { q.Declared = false }},
}

func TestEachReason(t *testing.T) {
	t.Parallel()
	for _, tier := range ami.Tiers() {
		if d := Decide(current(t, tier)); !d.Reuse || d.Reason != "" || !strings.Contains(d.Sentence, "reusing ami-c (version V2): 10 days old, 20 days left; -force") {
			t.Errorf("%s: %+v", tier, d)
		}
		for _, r := range reasons {
			if r.tier != "" && r.tier != tier {
				continue
			}
			q := current(t, tier)
			r.cause(&q)
			if d := Decide(q); d.Reuse || d.Reason != r.reason || !strings.Contains(d.Sentence, r.says) || !strings.HasPrefix(d.Sentence, "web/"+string(tier)+": ") {
				t.Errorf("%s, %s: %+v", tier, r.reason, d)
			}
		}
	}
	q := current(t, ami.Full)
	q.Sum.Total, q.Sum.Files = "t", "f"
	if d := Decide(q); !slices.Equal(d.Changed, []string{"files"}) {
		t.Errorf("changed %v", d.Changed)
	}
}

// TestFirstReasonWins brings about any set of reasons at once.
func TestFirstReasonWins(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		tier := rapid.SampledFrom(ami.Tiers()).Draw(rt, "tier")
		q, want := current(t, tier), Reason("")
		for _, r := range reasons {
			if (r.tier == "" || r.tier == tier) && rapid.Bool().Draw(rt, string(r.reason)) {
				r.cause(&q)
				if want == "" {
					want = r.reason
				}
			}
		}
		if d := Decide(q); d.Reason != want || d.Reuse != (want == "") || d.Sentence == "" {
			rt.Fatalf("got %+v, want %q", d, want)
		}
	})
}

func TestShelfLife(t *testing.T) {
	t.Parallel()
	built := now.Add(-10 * day)
	for name, c := range map[string]struct {
		change func(*Question)
		reuse  bool
	}{
		"shortened since":         {func(q *Question) { q.ShelfLife = 9 * day }, false},
		"shortened, still fresh":  {func(q *Question) { q.ShelfLife = 12 * day }, true},
		"no expiry recorded":      {func(q *Question) { q.Current.ExpiresAt = time.Time{} }, true},
		"default of the tier":     {func(q *Question) { q.ShelfLife, q.Current.ExpiresAt = 0, time.Time{} }, true},
		"expired":                 {func(q *Question) { q.Current.ExpiresAt = now }, false},
		"just before last tenth":  {func(q *Question) { q.Now = now.Add(17*day - time.Second) }, true},
		"at the last tenth":       {func(q *Question) { q.Now = now.Add(17 * day) }, false},
		"capped by an old parent": {func(q *Question) { q.Current.ExpiresAt = built.Add(10*day + time.Hour) }, false},
	} {
		q := current(t, ami.Full)
		c.change(&q)
		if d := Decide(q); d.Reuse != c.reuse {
			t.Errorf("%s: %+v", name, d)
		}
	}
	for tier, days := range map[ami.Tier]int{ami.Full: 30, ami.Hybrid: 90, ami.OSOnly: 180} {
		if got := ShelfLife(tier); got != time.Duration(days)*24*time.Hour {
			t.Errorf("%s: %v", tier, got)
		}
	}
	rapid.Check(t, func(rt *rapid.T) { // a child never outlives its parent, nor its own life
		life := time.Duration(rapid.Int64Range(1, int64(400*day)).Draw(rt, "life"))
		parent := now.Add(time.Duration(rapid.Int64Range(0, int64(400*day)).Draw(rt, "parent")))
		if got := Expiry(now, life, parent); got.After(parent) || got.After(now.Add(life)) {
			rt.Fatalf("expires %v", got)
		}
		if got := Expiry(now, life, time.Time{}); !got.Equal(now.Add(life).Truncate(time.Second)) {
			rt.Fatalf("without a parent: %v", got)
		}
	})
}

func TestForeignInputsAreRebuilt(t *testing.T) {
	t.Parallel()
	q := current(t, ami.Full)
	q.Current.Inputs = "v2:of:another:release"
	if d := Decide(q); d.Reason != InputsChanged || !strings.Contains(d.Sentence, "another release") {
		t.Errorf("%+v", d)
	}
}

func TestFromSourceAndBack(t *testing.T) {
	t.Parallel()
	q := current(t, ami.Hybrid)
	q.Base = SourceBase("ami-src")
	if d := Decide(q); d.Reason != ParentChanged || !strings.Contains(d.Sentence, "now the parent is the source image") {
		t.Errorf("%+v", d)
	}
	q.Current.ParentVersion, q.Current.Parent = "", "ami-src"
	if d := Decide(q); !d.Reuse {
		t.Errorf("%+v", d)
	}
}
