package distribution_test

import (
	"context"
	"flag"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution/fakeaws"
	"github.com/goldenami/packer-plugin-goldenami/internal/wait"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) {
	flag.Parse()
	goleak.VerifyTestMain(m)
}

const (
	home  = "us-east-1"
	eu    = "eu-west-1"
	tokyo = "ap-northeast-1"
	other = "210987654321"
)

type fakeClients struct{ c *fakeaws.Cloud }

func (f fakeClients) EC2(region string) distribution.EC2 { return f.c.Region(region) }
func (f fakeClients) KMS(region string) distribution.KMS { return f.c.Region(region) }

// rig is a cloud, an engine on it, and what both did.
type rig struct {
	*testing.T
	cloud  *fakeaws.Cloud
	engine *distribution.Engine

	mu     sync.Mutex
	events []distribution.Event
	kept   []string
	warned []string
}

// inBubble runs a test in its own time, with a copy that takes 10 minutes.
func inBubble(t *testing.T, test func(r *rig)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cloud := fakeaws.New(t, home, eu, tokyo)
		cloud.CopyTakes, cloud.HiddenFor = 10*time.Minute, 5*time.Second
		r := &rig{T: t, cloud: cloud}
		poller := wait.NewPoller(func(region string) wait.API { return cloud.Region(region) })
		defer poller.Close()
		r.engine = &distribution.Engine{
			Clients: fakeClients{cloud}, Poller: poller,
			Keep: func(_ context.Context, ids ...string) error {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.kept = append(r.kept, ids...)
				return nil
			},
			Warn: func(m string) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.warned = append(r.warned, m)
			},
		}
		test(r)
	})
}

func (r *rig) report(e distribution.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

func (r *rig) execute(source distribution.Source, spec distribution.Spec) ([]distribution.Result, error) {
	r.Helper()
	return r.engine.Execute(r.Context(), source, spec, r.report)
}

// done is execute for a set that must come out well.
func (r *rig) done(source distribution.Source, spec distribution.Spec) map[string]distribution.Result {
	r.Helper()
	results, err := r.execute(source, spec)
	if err != nil {
		r.Fatalf("execute: %v", err)
	}
	return byRegion(results)
}

func byRegion(results []distribution.Result) map[string]distribution.Result {
	out := make(map[string]distribution.Result)
	for _, res := range results {
		out[res.Region] = res
	}
	return out
}

// ops counts the calls of a Region by operation.
func (r *rig) ops(region string) map[string]int {
	out := make(map[string]int)
	for _, c := range r.cloud.Calls() {
		if c.Region == region {
			out[c.Op]++
		}
	}
	return out
}

// writes gives a Region's writing calls in the order they were made.
func (r *rig) writes(region string) []string {
	var out []string
	for _, c := range r.cloud.Calls() {
		if c.Region == region && !strings.HasPrefix(c.Op, "Describe") && !strings.HasPrefix(c.Op, "Get") {
			out = append(out, c.Op)
		}
	}
	return out
}

func (r *rig) sawEvent(region string, kind distribution.Kind) bool {
	return slices.ContainsFunc(r.events, func(e distribution.Event) bool { return e.Region == region && e.Kind == kind })
}

// wantError fails unless err says each of the words.
func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one that says %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error does not say %q:\n%v", w, err)
		}
	}
}
