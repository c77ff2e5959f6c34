//go:build e2e

package e2e

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// TestOnlyTheChild builds a tier without its parent, of which different images exist.
func TestOnlyTheChild(t *testing.T) {
	t.Parallel()
	e := startEndpoint(t, "instant", "-instances", "none")
	in := func(state ami.State) func(*ami.Meta) { return func(m *ami.Meta) { m.State = state } }
	expired := func(m *ami.Meta) { m.ExpiresAt = time.Now().Add(-48 * time.Hour) }
	fine := func(*ami.Meta) {}
	const none = "no good image of %/os-only (x86_64, us-east-1) exists"
	for name, c := range map[string]struct {
		images []func(*ami.Meta) // of the parent, the older first
		parent int               // which of them is the parent, -1 for none
		says   string            // % is the family, @ an image's id
		set    string            // an option of the child
	}{
		"no image":                      {nil, -1, none + " and no build of this run makes it", ""},
		"no image, on_missing":          {nil, -1, "", "parent {\n    on_missing = \"build\"\n  }"},
		"bad alone":                     {[]func(*ami.Meta){in(ami.Bad)}, -1, none, ""},
		"bad alone, on_missing":         {[]func(*ami.Meta){in(ami.Bad)}, -1, "", "parent {\n    on_missing = \"build\"\n  }"},
		"revoked alone":                 {[]func(*ami.Meta){in(ami.Revoked)}, -1, none, ""},
		"half-made alone":               {[]func(*ami.Meta){in(ami.Building), in(ami.Testing)}, -1, none, ""},
		"expired alone":                 {[]func(*ami.Meta){expired}, -1, none + " (@ expired on ", ""},
		"good":                          {[]func(*ami.Meta){fine}, 0, "", ""},
		"two good":                      {[]func(*ami.Meta){fine, fine}, 1, "", ""},
		"good below expired and others": {[]func(*ami.Meta){fine, expired, in(ami.Bad), in(ami.Revoked), in(ami.Building)}, 0, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mark := regexp.MustCompile(`[^a-z]+`).ReplaceAllString(name, "-")
			var parents []string
			for i, change := range c.images {
				parents = append(parents, e.golden(t, mark+string(rune('a'+i)), func(m *ami.Meta) {
					m.Family, m.Tier = mark, ami.OSOnly
					m.Version = ami.NewVersion(time.Now().Add(time.Duration(i-10) * time.Minute)) // versions tell seconds apart
					change(m)
				}))
			}
			child := strings.Replace(source("b1", mark, ami.Hybrid), "inputs {}", "inputs {}\n  "+c.set, 1)
			file := writeTemplate(t, ".pkr.hcl", source("b0", mark, ami.OSOnly)+child+"build {\n  sources = [\"goldenami-ebs.b0\", \"goldenami-ebs.b1\"]\n}\n")
			only := []string{"-only=goldenami-ebs.b1", file}
			if c.says != "" {
				says := strings.ReplaceAll(c.says, "%", mark)
				if len(parents) > 0 {
					says = strings.ReplaceAll(says, "@", parents[0])
				}
				mustSay(t, e.mustFail(t, only...), says)
				if image := e.onlyOf(t, mark, ami.Hybrid); image != nil {
					t.Errorf("there is %+v", image)
				}
				return
			}
			output := e.mustBuild(t, only...)
			image := e.onlyOf(t, mark, ami.Hybrid)
			switch {
			case image == nil:
				t.Fatalf("no image was made:\n%s", output)
			case c.parent >= 0 && (image.Parent != parents[c.parent] || image.ParentVersion == ""):
				t.Errorf("it is built on %s, not on the one of %q that was wanted", image.Parent, parents)
			case c.parent < 0 && (image.Parent != image.Root || image.ParentVersion != ""):
				t.Errorf("it is built on %s, not on the vendor's image", image.Parent)
			}
			if output := e.mustBuild(t, only...); !strings.Contains(output, "unchanged, reusing "+image.ID) {
				t.Errorf("the second run does not use it again:\n%s", output)
			}
		})
	}
}

// TestForceOfTheChild: -force deregisters nothing, neither the parent nor the child that
// it replaces.
func TestForceOfTheChild(t *testing.T) {
	t.Parallel()
	e := startEndpoint(t, "instant", "-instances", "none")
	file := template(t, "", []declared{{family, ami.OSOnly}, {family, ami.Hybrid}}, nil)
	e.mustBuild(t, file)
	base, child := e.image(t, home, ami.OSOnly), e.image(t, home, ami.Hybrid)
	time.Sleep(time.Until(child.BuiltAt.Add(time.Second))) // versions tell seconds apart
	output := e.mustBuild(t, "-force", "-only=goldenami-ebs.b1", file)
	found := e.inState(t, ami.Hybrid, ami.Good)
	if len(found) != 2 || found[0].Parent != base.ID || found[1].ID != child.ID {
		t.Fatalf("%+v\n%s", found, output)
	}
	held := imagesOf(base, found[0], found[1])
	slices.Sort(held)
	e.mustHold(t, held, output)
}
