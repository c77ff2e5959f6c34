//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/lineage"
)

// checkLineage compares the file with the images of the chain, and the tags of copies
// with those of the image that they are copies of.
func (e *endpoint) checkLineage(t *testing.T, path string, copies []ami.Image, chain ...ami.Image) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got lineage.Document
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	root := chain[0].Root
	if len(got.Chain) != len(chain)+1 || !got.Recorded || got.Chain[len(chain)].ID != root {
		t.Fatalf("the chain does not lead to %s by EC2's record:\n%s", root, text)
	}
	want := []lineage.Ref{{Region: home, ID: chain[0].ID}}
	for _, c := range copies {
		want = append(want, lineage.Ref{Region: c.Region, ID: c.ID})
	}
	slices.SortFunc(want, func(a, b lineage.Ref) int { return strings.Compare(a.Region, b.Region) })
	if !slices.Equal(got.Images, want) {
		t.Errorf("it tells of the images %v, not %v", got.Images, want)
	}
	for i, want := range chain {
		link := got.Chain[i]
		if link.ID != want.ID || link.Version != want.Version || link.Fingerprint != want.Fingerprint || link.Parent != want.Parent ||
			link.Owner != "123456789012" || link.Name != want.Name || link.Source.ID != want.Parent || link.SourceFrom != lineage.FromAncestry {
			t.Errorf("link %d is %+v, not %s", i, link, want.ID)
		}
	}
	for _, c := range copies {
		tags := tagsOf(c.Raw.Tags)
		if c.Parent != chain[0].Parent || c.ParentVersion != chain[0].ParentVersion || c.Root != root || c.Fingerprint != chain[0].Fingerprint {
			t.Errorf("%s in %s has the lineage %+v, not %+v", c.ID, c.Region, c.Meta, chain[0].Meta)
		}
		if from := tags[ami.TagCopiedFrom]; from != home+":"+chain[0].ID {
			t.Errorf("%s in %s is copied from %q", c.ID, c.Region, from)
		}
	}
}

// checkManifest reads the manifest on a machine of the full image: it names every
// stage with the hash that the machine has for it, and the seal left it in place.
func (e *endpoint) checkManifest(t *testing.T, full ami.Image) {
	t.Helper()
	g := e.launch(t, full.ID, "manifest")
	var got lineage.Manifest
	text := g.run(t, "cat "+lineage.ManifestFile) // as any user
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if got.Version != full.Version || got.Tier != string(ami.Full) || got.Parent != full.Parent || got.Root != full.Root ||
		got.Fingerprint != full.Fingerprint || got.Family != family || got.Plugin == "" {
		t.Errorf("the manifest of %s says\n%s", full.ID, text)
	}
	want := []lineage.Stage{{Name: "patch", Tier: "os-only"}, {Name: "runtime", Tier: "hybrid"}, {Name: "app", Tier: "full"}}
	for i := range want {
		want[i].SHA256 = g.run(t, "sudo cat /var/lib/goldenami/stages/"+want[i].Name)
	}
	if !slices.Equal(got.Stages, want) {
		t.Errorf("it lists the stages %+v, not %+v", got.Stages, want)
	}
	if mode := g.run(t, "stat -c '%a %u %g' "+lineage.ManifestFile); mode != "644 0 0" {
		t.Errorf("mode and owner are %s", mode)
	}
	e.terminate(t, g)
}

// mustExpire fails unless images have the shelf life of their tier, and EC2 deprecates
// them when it ends.
func mustExpire(t *testing.T, images ...ami.Image) {
	t.Helper()
	days := map[ami.Tier]int{ami.OSOnly: 180, ami.Hybrid: 90, ami.Full: 30}
	for _, i := range images {
		if want := i.BuiltAt.Add(time.Duration(days[i.Tier]) * 24 * time.Hour); !i.ExpiresAt.Equal(want) {
			t.Errorf("%s (%s) in %s expires at %s, not at %s", i.ID, i.Tier, i.Region, i.ExpiresAt, want)
		}
		at, err := time.Parse(time.RFC3339, aws.ToString(i.Raw.DeprecationTime))
		if err != nil || !at.Equal(i.ExpiresAt.Round(time.Minute)) {
			t.Errorf("%s (%s) in %s expires at %s, and EC2 deprecates it at %q", i.ID, i.Tier, i.Region, i.ExpiresAt, aws.ToString(i.Raw.DeprecationTime))
		}
	}
}
