package lineage

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// Where the manifest is in an image.
const (
	ManifestFile        = "/etc/goldenami/manifest.json"
	WindowsManifestFile = `C:\ProgramData\goldenami\manifest.json`
)

// Stage is a stage that an image holds.
type Stage struct {
	Name   string `json:"name"`
	Tier   string `json:"tier,omitempty"` // left out where only a marker tells of the stage
	SHA256 string `json:"sha256"`
}

// Manifest says inside of an image what it is. It holds no environment and no option
// of the build: everybody on the machine may read it.
type Manifest struct {
	Schema        int     `json:"schema"`
	Plugin        string  `json:"plugin"` // its version
	Family        string  `json:"family"`
	Tier          string  `json:"tier"`
	Version       string  `json:"version"`
	Fingerprint   string  `json:"fingerprint"`
	Parent        string  `json:"parent"`
	ParentVersion string  `json:"parent_version,omitempty"`
	Root          string  `json:"root"`
	BuiltAt       string  `json:"built_at"`
	Stages        []Stage `json:"stages"`
}

// NewManifest gives the manifest of an image. Its stages are those of its parent's
// manifest, and after them, winning over one of the same name, those of each further
// list. A stage that a later list knows without its tier keeps the tier it had.
func NewManifest(plugin string, meta ami.Meta, parent Manifest, more ...[]Stage) Manifest {
	m := Manifest{
		Schema: schema, Plugin: plugin, Family: meta.Family, Tier: string(meta.Tier), Version: meta.Version,
		Fingerprint: meta.Fingerprint, Parent: meta.Parent, ParentVersion: meta.ParentVersion, Root: meta.Root,
		BuiltAt: meta.BuiltAt.UTC().Format(time.RFC3339), Stages: []Stage{},
	}
	for _, list := range append([][]Stage{parent.Stages}, more...) {
		for _, s := range list {
			m.add(s)
		}
	}
	return m
}

func (m *Manifest) add(s Stage) {
	i := slices.IndexFunc(m.Stages, func(have Stage) bool { return have.Name == s.Name })
	if i < 0 {
		m.Stages = append(m.Stages, s)
		return
	}
	if s.Tier == "" {
		s.Tier = m.Stages[i].Tier
	}
	m.Stages[i] = s
}

// ParseManifest reads what a parent holds. One that is missing, damaged or of another
// schema is the empty one: what the child says must not rest on a guess.
func ParseManifest(text []byte) Manifest {
	var m Manifest
	if json.Unmarshal(text, &m) != nil || m.Schema != schema {
		return Manifest{}
	}
	m.Stages = slices.DeleteFunc(m.Stages, func(s Stage) bool { return s.Name == "" || s.SHA256 == "" })
	return m
}

// JSON gives the same bytes for the same facts.
func (m Manifest) JSON() ([]byte, error) { return encode(m) }

// ParseMarkers reads lines of a stage's name and the hash in its marker.
func ParseMarkers(text string) []Stage {
	var stages []Stage
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 2 && len(fields[1]) == 64 {
			stages = append(stages, Stage{Name: fields[0], SHA256: fields[1]})
		}
	}
	return stages
}
