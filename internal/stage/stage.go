package stage

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// Stage is one step on the way from the source image to the finished machine.
// Load makes it ready for use.
type Stage struct {
	// Name is unique in the family and names the marker on the machine.
	Name string
	// Tier is the lowest tier that bakes the stage.
	Tier ami.Tier
	// Script is the path of a file; Inline is lines run by "sh -e". A stage
	// has exactly one of them.
	Script string
	Inline []string
	// Environment is what the stage's process sees besides PATH and HOME.
	Environment map[string]string

	content []byte
}

// Hash identifies what the stage does: SHA-256, 64 hexadecimal digits, over
// its content, environment and name. The tier is left out, because moving a
// stage to another tier only moves when it runs.
func (s Stage) Hash() string {
	body := sha256.Sum256(s.content)
	// A JSON object with sorted keys has no delimiter that a value could forge.
	// Strings and bytes always marshal.
	canonical, _ := json.Marshal(map[string]any{ //nolint:errchkjson // see above
		"content":     hex.EncodeToString(body[:]),
		"environment": s.environment(),
		"name":        s.Name,
	})
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])
}

// environment never is nil, so that none and an empty one hash the same. The
// values are bytes, since JSON would merge strings that are not UTF-8.
func (s Stage) environment() map[string][]byte {
	values := make(map[string][]byte, len(s.Environment))
	for name, value := range s.Environment {
		values[name] = []byte(value)
	}
	return values
}

// Cut divides a family's stages for a tier that is built on a parent tier:
// bake is what the tier runs while it is built, boot what is left for first
// boot, each in the order of the list. An empty parent means that the tier is
// built from the source image and bakes all stages up to its own.
func Cut(all []Stage, parent, tier ami.Tier) (bake, boot []Stage) {
	for _, s := range all {
		switch rank := s.Tier.Rank(); {
		case rank > tier.Rank():
			boot = append(boot, s)
		case rank > parent.Rank():
			bake = append(bake, s)
		}
	}
	return bake, boot
}
