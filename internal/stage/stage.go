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
	// Tier is the lowest tier that bakes the stage, or Boot.
	Tier ami.Tier
	// Script is the path of a file; Inline is lines run by "sh -e". A stage
	// has exactly one of them.
	Script string
	Inline []string
	// PowerShell: the stage is for Windows, and Script and Inline are PowerShell.
	PowerShell bool
	// Environment is what the stage's process sees besides PATH and HOME.
	Environment map[string]string
	// Files are there for the stage's process, in the folder that FilesVariable
	// names.
	Files []File
	// Secrets are references by variable: see the package comment. Only a stage
	// of tier Boot has any.
	Secrets map[string]string

	content []byte
}

// File is a file that a stage needs.
type File struct {
	Path    string // relative, with slashes
	Exec    bool   // executable by anyone
	Content []byte
}

// FilesVariable is the environment variable that names the folder with the files
// of a stage while it runs.
const FilesVariable = "GOLDENAMI_FILES"

// Hash identifies what the stage does: SHA-256, 64 hexadecimal digits, over
// its content, environment, files, references of secrets, and name. The tier is
// left out, because moving a stage to another tier only moves when it runs.
func (s Stage) Hash() string {
	// A JSON object with sorted keys has no delimiter that a value could forge.
	// What a stage has none of is left out, so that a new kind of thing leaves
	// the hashes of stages without it as they were.
	parts := map[string]any{
		"content":     digest(s.content),
		"environment": s.environment(),
		"name":        s.Name,
	}
	if len(s.Files) > 0 {
		parts["files"] = s.fileDigests()
	}
	if len(s.Secrets) > 0 {
		parts["secrets"] = s.Secrets
	}
	canonical, _ := json.Marshal(parts) //nolint:errchkjson // strings and bytes always marshal
	return digest(canonical)
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

// fileDigests gives what counts of each file, by path.
func (s Stage) fileDigests() map[string]string {
	digests := make(map[string]string, len(s.Files))
	for _, f := range s.Files {
		mode := "plain:"
		if f.Exec {
			mode = "exec:"
		}
		digests[f.Path] = mode + digest(f.Content)
	}
	return digests
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// Cut divides a family's stages for a tier that is built on a parent tier:
// bake is what the tier runs while it is built, boot what is left for first
// boot, each in the order of the list. An empty parent means that the tier is
// built from the source image and bakes all stages up to its own. Stages of tier
// Boot are always left.
func Cut(all []Stage, parent, tier ami.Tier) (bake, boot []Stage) {
	for _, s := range all {
		switch r := rank(s.Tier); {
		case r > tier.Rank():
			boot = append(boot, s)
		case r > parent.Rank():
			bake = append(bake, s)
		}
	}
	return bake, boot
}
