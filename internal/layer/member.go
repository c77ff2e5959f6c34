package layer

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// unknown is what Packer puts for values it does not know yet while it
// validates a template, as in data sources.
const unknown = "<unknown>"

// Key identifies one image of a run. Two builds of one run cannot have the
// same key.
type Key struct {
	Family string   `json:"family"`
	Tier   ami.Tier `json:"tier"`
	// Architecture may be empty where it is not known before the run.
	Architecture string `json:"architecture,omitempty"`
	Region       string `json:"region,omitempty"`
	// Scope tells apart accounts or profiles; builds of one run in different
	// scopes do not see each other.
	Scope string `json:"scope,omitempty"`
}

// IsZero holds for the key of nothing, such as the parent of the lowest tier.
func (k Key) IsZero() bool { return k == Key{} }

// String names the image for messages: web/os-only (x86_64, eu-west-1). The scope
// tells accounts apart and is no name that a user gave.
func (k Key) String() string {
	var details []string
	for _, detail := range []string{k.Architecture, k.Region} {
		if detail != "" {
			details = append(details, detail)
		}
	}
	name := k.Family + "/" + string(k.Tier)
	if len(details) == 0 {
		return name
	}
	return name + " (" + strings.Join(details, ", ") + ")"
}

func (k Key) known() bool {
	return !strings.Contains(k.Family+string(k.Tier)+k.Architecture+k.Region+k.Scope, unknown)
}

// WithTier gives the key of another tier of the same family, such as the parent.
func (k Key) WithTier(t ami.Tier) Key {
	k.Tier = t
	return k
}

// Member is what a build says about itself before any build of the run starts.
type Member struct {
	Key
	// Name is how the user knows the build, such as packer_build_name.
	Name string `json:"name"`
	// Parent is the image that this one builds on; zero for none.
	Parent Key `json:"parent"`
}

// check refuses what can never work, whatever the other members are.
func (m Member) check() error {
	switch {
	case m.Parent.IsZero():
		return nil
	case m.Parent == m.Key:
		return fmt.Errorf("build %q (%s) is its own parent", m.Name, m.Key)
	case m.Parent.Family == m.Family && m.Parent.Tier.Rank() >= m.Tier.Rank():
		return fmt.Errorf("build %q: tier %s cannot build on tier %s: the parent must be a lower tier", m.Name, m.Tier, m.Parent.Tier)
	}
	return nil
}

// Status is how far a member of the run has come.
type Status string

// The statuses of a member.
const (
	Prepared  Status = "prepared" // declared; Packer may never run it
	Running   Status = "running"
	Done      Status = "done"   // built a new good image
	Reused    Status = "reused" // an existing good image is the result
	Failed    Status = "failed"
	Destroyed Status = "destroyed" // was done, then Packer deleted the artifact
)

// final holds when the member has a result that does not change by waiting.
func (s Status) final() bool { return s != Prepared && s != Running }

// ran holds when Packer has run the build for certain: one that failed may have done so
// before, in its options.
func (s Status) ran() bool { return s != Prepared && s != Failed }

// Result is what a member tells the others.
type Result struct {
	Status      Status    `json:"status"`
	ImageID     string    `json:"image_id,omitempty"`
	Version     string    `json:"version,omitempty"`
	Fingerprint string    `json:"fingerprint,omitempty"`
	Root        string    `json:"root,omitempty"` // vendor's image below all layers
	ExpiresAt   time.Time `json:"expires_at,omitzero"`
	Reason      string    `json:"reason,omitempty"` // why it failed
}

// check refuses a result that a child could not build on.
func (r Result) check() error {
	switch r.Status {
	case Done, Reused:
		if r.ImageID == "" || r.Version == "" {
			return fmt.Errorf("a build that is %s must publish its image id and version", r.Status)
		}
	case Running, Failed, Destroyed:
	case Prepared:
		return errors.New("a member cannot go back to prepared")
	default:
		return fmt.Errorf("unknown status %q", r.Status)
	}
	return nil
}

// ErrNotInRun says that no build of this run makes the image.
var ErrNotInRun = errors.New("not built in this run")

// Failure is why a parent of this run gives no image.
type Failure string

// The failures of a parent.
const (
	ParentFailed    Failure = "failed"    // its build ended with an error
	ParentDestroyed Failure = "destroyed" // its image was deleted again
	ParentDied      Failure = "died"      // its process ended without a result
	ParentDropped   Failure = "dropped"   // its turn is over, but Packer never ran it
	ParentQueued    Failure = "queued"    // declared later, so Packer may not run it before this one ends
)

// ParentError tells why a parent that belongs to this run gives no image.
type ParentError struct {
	Parent  Member
	Failure Failure
	Reason  string // the parent's own words, where it failed
}

func (e *ParentError) Error() string {
	about := fmt.Sprintf("parent %q (%s) of this run", e.Parent.Name, e.Parent.Key)
	switch e.Failure {
	case ParentFailed:
		if e.Reason == "" {
			return about + " failed: see its own error"
		}
		return about + " failed: " + e.Reason
	case ParentDestroyed:
		return about + " was built and then destroyed, as after an error in a post-processor: see its own error"
	case ParentDied:
		return about + " died: its plugin process ended without a result; see PACKER_LOG"
	case ParentQueued:
		return about + " is queued behind this build: declare it first or raise -parallel-builds"
	default:
		return about + " was dropped: Packer prepared it but did not run it; see the error of its provisioners or of HCP"
	}
}
