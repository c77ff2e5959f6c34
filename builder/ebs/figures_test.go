package ebs

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/tradeoff"
)

// figures reads those of an image from its tags.
func (r *rig) figures(id string) tradeoff.Figures {
	r.t.Helper()
	meta, ok := ami.Parse(r.image(region, id).Tags)
	if !ok {
		r.t.Fatalf("%s has no tags of ours", id)
	}
	f, err := tradeoff.Parse(meta.Metrics)
	if err != nil {
		r.t.Fatal(err)
	}
	return f
}

func TestAnImageTellsWhatItCost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	file := filepath.Join(t.TempDir(), "metrics.json")
	base := r.build(r.tier("os-only", fields{"metrics_file": file, "verify": fields{}})).Images[region]
	child := r.build(r.tier("hybrid", fields{"metrics_file": file})).Images[region]

	f := r.figures(base)
	for _, figure := range []tradeoff.Figure{
		tradeoff.Wait, tradeoff.Launch, tradeoff.Connect, tradeoff.Provision, tradeoff.Imaging, tradeoff.Test, tradeoff.Boot,
		tradeoff.Own, tradeoff.Inherited, tradeoff.Month,
	} {
		if _, known := f[figure]; !known {
			t.Errorf("%s is missing: %s", figure, f)
		}
	}
	if _, known := f[tradeoff.FirstBoot]; known {
		t.Errorf("nobody logged in, and the end of first boot is told: %s", f)
	}
	if f[tradeoff.Own] <= 0 || f[tradeoff.Inherited] != 0 {
		t.Errorf("on the vendor's image, all is its own: %s", f)
	}
	if f := r.figures(child); f[tradeoff.Inherited] <= 0 || f[tradeoff.Own] != 0 || f[tradeoff.Month] != 0 {
		t.Errorf("nothing was done to the child: %s", f)
	}
	if _, tested := r.figures(child)[tradeoff.Test]; tested {
		t.Error("the child was not tested")
	}
	if text := r.output.String(); !strings.Contains(text, "os-only  "+base) || !strings.Contains(text, "hybrid   "+child) {
		t.Errorf("the table is not shown:\n%s", text)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Images []struct {
			Tier, Image string
			Figures     map[string]float64
		}
	}
	if err := json.Unmarshal(text, &list); err != nil || len(list.Images) != 2 {
		t.Fatalf("%v in\n%s", err, text)
	}
	for n, id := range []string{base, child} {
		if i := list.Images[n]; i.Image != id || i.Figures["own_gib"] != r.figures(id)[tradeoff.Own] {
			t.Errorf("the file has %+v for %s", i, id)
		}
	}
}

func TestTheFileIsWrittenForAnImageThatIsUsedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.build(r.tier("os-only", nil))
	calls := len(r.Calls())
	r.build(r.tier("os-only", nil))
	plain := len(r.Calls()) - calls
	file := filepath.Join(t.TempDir(), "metrics.json")
	if again := r.build(r.tier("os-only", fields{"metrics_file": file})); !again.Reused {
		t.Fatal("it was built anew")
	}
	if more := len(r.Calls()) - calls - 2*plain; more != 1 {
		t.Errorf("%d more calls for the file, not one", more)
	}
	if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), first.Images[region]) {
		t.Errorf("%v in\n%s", err, text)
	}
}

func TestAFigureThatCannotBeHadIsLeftOut(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.sent.refuse("GetProducts", "AccessDeniedException not authorized to perform pricing:GetProducts")
	file := filepath.Join(t.TempDir(), "metrics.json")
	if err := os.WriteFile(file, []byte("somebody's notes"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := r.figures(r.build(r.tier("os-only", fields{"metrics_file": file})).Images[region])
	if _, known := f[tradeoff.Month]; known || f[tradeoff.Own] <= 0 {
		t.Errorf("figures %s", f)
	}
	for _, want := range []string{"Warning: the figures of", "its cost", "metrics_file: the image is good"} {
		if !strings.Contains(r.output.String(), want) {
			t.Errorf("the user is not told %q:\n%s", want, r.output)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "somebody's notes" {
		t.Errorf("a file of somebody else became %q, %v", text, err)
	}
}

func TestTheTimeOfEachPartIsItsOwn(t *testing.T) {
	t.Parallel()
	b := &build{}
	run := func(f tradeoff.Figure) { stepLap{b, f}.Run(t.Context(), nil) }
	run("")
	run(tradeoff.Wait)
	if _, known := b.figures[tradeoff.Wait]; !known || len(b.figures) != 1 {
		t.Errorf("%v", b.figures)
	}
	b.lap = b.lap.Add(-90 * time.Second)
	run("") // nobody's
	b.lap = b.lap.Add(-30 * time.Second)
	run(tradeoff.Launch)
	if got := b.figures[tradeoff.Launch]; got < 30 || got > 80 {
		t.Errorf("the launch took %v s, not 30", got)
	}
}

func TestBadMetricsFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options map[string]any
		want    string
	}{
		"without a family":  {small(fields{"metrics_file": "m.json"}), "it needs family"},
		"in no folder":      {layered(fields{"metrics_file": "nowhere/m.json"}), "nowhere does not exist"},
		"a folder":          {layered(fields{"metrics_file": "."}), "is a folder"},
		"not known, family": {layered(fields{"metrics_file": "<unknown>"}), ""},
	} {
		_, _, err := new(Builder).Prepare(c.options)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), "metrics_file: ") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
