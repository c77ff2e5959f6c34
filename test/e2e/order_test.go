//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// declared is one build of a template of these tests: a tier of a family, in the order
// in which the template declares it.
type declared struct {
	family string
	tier   ami.Tier
}

// below is the tier that a tier builds on.
var below = map[ami.Tier]ami.Tier{ami.Hybrid: ami.OSOnly, ami.Full: ami.Hybrid}

// layouts are orders in which users declare tiers. The names of a JSON template sort it.
var layouts = []struct {
	name   string
	builds []declared
	json   []string
}{
	{"parents first", []declared{{"a", ami.OSOnly}, {"a", ami.Hybrid}, {"a", ami.Full}}, nil},
	{"wrong order", []declared{{"a", ami.Full}, {"a", ami.Hybrid}, {"a", ami.OSOnly}}, nil},
	{"mixed", []declared{{"a", ami.Full}, {"a", ami.OSOnly}, {"a", ami.Hybrid}}, nil},
	{"two families", []declared{{"a", ami.OSOnly}, {"b", ami.OSOnly}, {"a", ami.Hybrid}, {"b", ami.Hybrid}}, nil},
	{"two families, wrong order", []declared{{"a", ami.Hybrid}, {"b", ami.Hybrid}, {"a", ami.OSOnly}, {"b", ami.OSOnly}}, nil},
	{"JSON, plain names", []declared{{"a", ami.Full}, {"a", ami.Hybrid}, {"a", ami.OSOnly}}, []string{"full", "hybrid", "os-only"}},
	{"JSON, names that sort", []declared{{"a", ami.OSOnly}, {"a", ami.Hybrid}, {"a", ami.Full}}, []string{"10-os", "20-hybrid", "30-full"}},
}

// TestOrders builds each layout with each -parallel-builds. A build is layered on the
// parent of this run, or fails and says that it is declared before it; nothing hangs.
func TestOrders(t *testing.T) {
	t.Parallel()
	e := startEndpoint(t, "instant", "-instances", "none")
	for _, l := range layouts {
		for slots := range 4 {
			t.Run(fmt.Sprintf("%s/-parallel-builds=%d", l.name, slots), func(t *testing.T) {
				t.Parallel()
				mark := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(l.name), "-") + fmt.Sprintf("-%d-", slots)
				run := startPacker(t, e.environ(), "build", "-color=false", fmt.Sprintf("-parallel-builds=%d", slots), template(t, mark, l.builds, l.json))
				output, err := run.wait(t, buildLimit)
				want := outcomes(l.builds, slots)
				t.Logf("%-26s -parallel-builds=%d: %s", l.name, slots, strings.Join(want, ", "))
				// Of builds of which any may be layered, not all are: one has to give its slot up.
				if fine := !slices.ContainsFunc(want, func(o string) bool { return !strings.HasSuffix(o, "layered") }); fine != (err == nil) {
					t.Errorf("packer ended with %v:\n%s", err, output)
				}
				for i, b := range l.builds {
					e.mustEndAs(t, mark, b, want[i], output)
				}
			})
		}
	}
}

// mustEndAs compares what is there of a build with its outcome.
func (e *endpoint) mustEndAs(t *testing.T, mark string, b declared, want, output string) {
	t.Helper()
	image := e.onlyOf(t, mark+b.family, b.tier)
	if want, either := strings.CutSuffix(want, "layered or queued"); either {
		end := "queued"
		if image != nil {
			end = "layered"
		}
		e.mustEndAs(t, mark, b, want+end, output)
		return
	}
	if layered := strings.HasSuffix(want, "layered"); layered != (image != nil) {
		t.Errorf("%s, but there is an image: %t\n%s", want, image != nil, output)
		return
	}
	parent := below[b.tier]
	switch {
	case image == nil && strings.HasSuffix(want, "queued"):
		text := fmt.Sprintf("(%s%s/%s (x86_64, us-east-1)) of this run is queued behind this build: declare it first", mark, b.family, parent)
		if !strings.Contains(strings.Join(strings.Fields(output), " "), text) {
			t.Errorf("the output does not say %q:\n%s", text, output)
		}
	case image == nil:
		text := fmt.Sprintf("(%s%s/%s (x86_64, us-east-1)) of this run failed", mark, b.family, parent)
		if !strings.Contains(strings.Join(strings.Fields(output), " "), text) {
			t.Errorf("the output does not say %q:\n%s", text, output)
		}
	case parent != "":
		if under := e.onlyOf(t, mark+b.family, parent); under == nil || image.Parent != under.ID {
			t.Errorf("%s: built on %s, not on %+v\n%s", want, image.Parent, under, output)
		}
	}
}

func (e *endpoint) onlyOf(t *testing.T, family string, tier ami.Tier) *ami.Image {
	t.Helper()
	found, err := ami.Find(t.Context(), e.ec2(home), home, ami.Query{Family: family, Tier: tier})
	if err != nil || len(found) > 1 {
		t.Fatalf("%d good %s images of %s, %v", len(found), tier, family, err)
	}
	if len(found) == 0 {
		return nil
	}
	return &found[0]
}

// outcomes plays Packer, which gives slots in the order of declaration: a build that
// waits for one that gets none fails, and its slot goes to the next. Which of several
// that wait so gives up first is not said.
func outcomes(builds []declared, slots int) []string {
	if slots == 0 {
		slots = len(builds)
	}
	state, next := map[declared]string{}, 0
	ended := func(b declared) bool { return state[b] != "" && state[b] != "runs" }
	for len(state) < len(builds) || slices.ContainsFunc(builds, func(b declared) bool { return !ended(b) }) {
		running := 0
		for _, b := range builds {
			if state[b] == "runs" {
				running++
			}
		}
		for ; running < slots && next < len(builds); next++ {
			state[builds[next]] = "runs"
			running++
		}
		moved := false
		for _, b := range builds {
			parent := declared{b.family, below[b.tier]}
			if state[b] != "runs" || parent.tier != "" && !ended(parent) {
				continue
			}
			state[b], moved = "layered", true
			if parent.tier != "" && state[parent] != "layered" {
				state[b] = "parent failed"
			}
		}
		if moved {
			continue
		}
		var stuck []declared
		for _, b := range builds {
			if state[b] == "runs" && state[declared{b.family, below[b.tier]}] == "" {
				stuck = append(stuck, b)
			}
		}
		for _, b := range stuck {
			state[b] = "queued"
			if len(stuck) > 1 {
				state[b] = "layered or queued" // the slot of the first one that gives up may come in time
			}
		}
	}
	var all []string
	for _, b := range builds {
		all = append(all, fmt.Sprintf("%s %s %s", b.family, b.tier, state[b]))
	}
	return all
}

// template writes a template of builds that launch machines and do nothing on them.
func template(t *testing.T, mark string, builds []declared, names []string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "template.pkr.hcl")
	var text string
	if names != nil {
		file = strings.TrimSuffix(file, ".pkr.hcl") + ".json"
		var sources []map[string]any
		for i, b := range builds {
			sources = append(sources, jsonSource(names[i], mark+b.family, b.tier))
		}
		raw, err := json.MarshalIndent(map[string]any{"builders": sources}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		text = string(raw)
	} else {
		var blocks []string
		for i, b := range builds {
			name := fmt.Sprintf("b%d", i)
			blocks = append(blocks, source(name, mark+b.family, b.tier), fmt.Sprintf("build {\n  sources = [%q]\n}\n", "goldenami-ebs."+name))
		}
		text = strings.Join(blocks, "")
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// jsonSource is what source gives, for a template of Packer's JSON.
func jsonSource(name, family string, tier ami.Tier) map[string]any {
	return map[string]any{
		"name": name, "type": "goldenami-ebs", "region": home, "family": family, "tier": tier, "instance_type": "t3.small",
		"communicator": "none", "inputs": map[string]any{},
		"source_ami_filter": map[string]any{"owners": []string{"136693071363"}, "most_recent": true, "filters": map[string]string{"name": "debian-12-amd64-*"}},
	}
}

func source(name, family string, tier ami.Tier) string {
	return fmt.Sprintf(`source "goldenami-ebs" %q {
  region        = "us-east-1"
  family        = %q
  tier          = %q
  instance_type = "t3.small"
  communicator  = "none"
  source_ami_filter {
    owners      = ["136693071363"]
    most_recent = true
    filters     = { name = "debian-12-amd64-*" }
  }
  inputs {}
}
`, name, family, tier)
}
