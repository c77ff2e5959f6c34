package lineage

import (
	"slices"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

func hash(c string) string { return strings.Repeat(c, 64) }

func TestManifestGoesOnFromTheParents(t *testing.T) {
	t.Parallel()
	meta, ok := ami.Parse(ami.EC2Tags(tagged(ami.Full, "ami-hybrid")))
	if !ok {
		t.Fatal("the tags do not parse")
	}
	parent := NewManifest("1.0", meta, Manifest{}, []Stage{{"patch", "os-only", hash("a")}, {"java", "hybrid", hash("b")}})
	text, err := parent.JSON()
	if err != nil {
		t.Fatal(err)
	}
	markers := ParseMarkers("app " + hash("d") + "\njava " + hash("c") + "\nold " + hash("e") + "\nhalf abc\n\n* cat: nothing\n")
	child := NewManifest("1.1", meta, ParseManifest(text), []Stage{{"app", "full", hash("d")}}, markers)
	want := []Stage{{"patch", "os-only", hash("a")}, {"java", "hybrid", hash("c")}, {"app", "full", hash("d")}, {"old", "", hash("e")}}
	if !slices.Equal(child.Stages, want) {
		t.Errorf("stages %+v", child.Stages)
	}
	if child.Plugin != "1.1" || child.Parent != "ami-hybrid" || child.Root != "ami-vendor" || child.BuiltAt != "2026-11-20T12:00:00Z" || child.Version != meta.Version {
		t.Errorf("manifest %+v", child)
	}
}

func TestManifestWithoutStagesListsNone(t *testing.T) {
	t.Parallel()
	text, err := NewManifest("1.0", ami.Meta{}, Manifest{}).JSON()
	if err != nil || !strings.Contains(string(text), `"stages": []`) {
		t.Errorf("%s, %v", text, err)
	}
}

// FuzzParseManifest because a parent's manifest was in the hands of everybody who had
// root on its machine: it must not break the child's.
func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(`{"schema":1,"stages":[{"name":"a","sha256":"b"},{"name":""}]}`))
	f.Add([]byte(`{"schema":2,"stages":[{"name":"a","sha256":"b"}]}`))
	f.Add([]byte("{"))
	f.Fuzz(func(t *testing.T, text []byte) {
		m := ParseManifest(text)
		if m.Schema != schema && len(m.Stages) > 0 {
			t.Fatalf("of schema %d: %+v", m.Schema, m)
		}
		if _, err := NewManifest("1.0", ami.Meta{}, m).JSON(); err != nil {
			t.Fatal(err)
		}
	})
}
