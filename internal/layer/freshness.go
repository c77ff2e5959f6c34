package layer

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

const day = 24 * time.Hour

// ShelfLife gives how long an image of a tier is good unless the user says
// otherwise: the more it holds, the sooner something in it is out of date.
func ShelfLife(t ami.Tier) time.Duration {
	switch t {
	case ami.Full:
		return 30 * day
	case ami.Hybrid:
		return 90 * day
	default:
		return 180 * day
	}
}

// Expiry gives when an image built at that time expires. It does not outlive
// its parent: what is too old in the parent is too old in the child. A zero
// parentExpiry does not cap.
func Expiry(builtAt time.Time, shelfLife time.Duration, parentExpiry time.Time) time.Time {
	expires := builtAt.Add(shelfLife).UTC().Truncate(time.Second)
	if !parentExpiry.IsZero() && parentExpiry.Before(expires) {
		return parentExpiry.UTC()
	}
	return expires
}

// Reason is why an image is built anew.
type Reason string

// The reasons in the order in which they are asked.
const (
	Forced        Reason = "forced"
	NoImage       Reason = "no good image"
	InputsChanged Reason = "inputs changed"
	ParentChanged Reason = "parent changed"
	VendorNewer   Reason = "vendor image newer"
	OutOfDate     Reason = "past or close to its shelf life"
	ScanDemands   Reason = "scan result demands it"
	Undeclared    Reason = "inputs not declared"
)

// Question is all that the decision depends on.
type Question struct {
	Key Key
	// Force is the user's -force.
	Force bool
	// Current is the newest good image, one that has not expired before one that has;
	// nil if there is none.
	Current *ami.Image
	// Sum is the hash of the inputs as they are now; Items tells them apart.
	Sum   Sum
	Items Items
	// Base is what a new image would be built on.
	Base Base
	// Declared tells that Sum covers all that decides the content: there are
	// declared inputs, or nothing but stages runs.
	Declared bool
	// ShelfLife is the one set for the tier; the tier's default unless set.
	ShelfLife time.Duration
	// Scan is what scan results are judged by; nil: they do not count.
	Scan *ScanPolicy
	Now  time.Time
}

// Decision says whether the current image will do. Sentence is for the user.
type Decision struct {
	Reuse    bool
	Reason   Reason   // empty with Reuse
	Changed  []string // with InputsChanged: stages, files, values, config
	Sentence string
	Warning  string // empty, or what the user should know besides
}

// Decide asks the reasons to build anew in their order; the first one that
// holds is the answer.
func Decide(q Question) Decision {
	if q.ShelfLife <= 0 {
		q.ShelfLife = ShelfLife(q.Key.Tier)
	}
	if q.Force {
		return q.rebuild(Forced, "building anew: -force was given")
	}
	if q.Current == nil {
		return q.rebuild(NoImage, "building: there is no good image yet")
	}
	for _, ask := range []func(Question) (Decision, bool){askInputs, askBase, askAge, askScan, askDeclared} {
		if decision, found := ask(q); found {
			return decision
		}
	}
	left := q.expires().Sub(q.Now)
	return Decision{Reuse: true, Warning: q.scanWarning(), Sentence: q.sentence("unchanged, reusing %s: %s old, %s left; -force builds anew",
		q.current(), about(q.Now.Sub(q.Current.BuiltAt)), about(left))}
}

func askInputs(q Question) (Decision, bool) {
	before, readable := ParseSum(q.Current.Inputs)
	if !readable {
		return q.rebuild(InputsChanged, "building anew: the inputs of %s were recorded by another release", q.current()), true
	}
	if before.Total == q.Sum.Total {
		return Decision{}, false
	}
	changed := q.Sum.Changed(before)
	named := slices.Clone(changed)
	for i, part := range changed {
		if what := q.Items.Changed(part, q.Current.Items); what != "" {
			named[i] = part + " (" + what + ")"
		}
	}
	decision := q.rebuild(InputsChanged, "building anew: its %s changed since %s", listed(named), q.current())
	decision.Changed = changed
	return decision, true
}

func askBase(q Question) (Decision, bool) {
	switch {
	case q.Current.ParentVersion != q.Base.Version:
		return q.rebuild(ParentChanged, "building anew: %s was built on %s, now the parent is %s",
			q.current(), orSource(q.Current.ParentVersion), orSource(q.Base.Version)), true
	case q.Base.Version == "" && q.Current.Parent != q.Base.ImageID:
		return q.rebuild(VendorNewer, "building anew: the source image is %s, %s was built on %s",
			q.Base.ImageID, q.current(), q.Current.Parent), true
	}
	return Decision{}, false
}

// askAge counts the last tenth of the image's life as over, so that a build
// that starts now does not hand out an image that is about to expire.
func askAge(q Question) (Decision, bool) {
	expires := q.expires()
	reserve := expires.Sub(q.Current.BuiltAt) / 10
	switch {
	case !q.Now.Before(expires):
		return q.rebuild(OutOfDate, "building anew: the shelf life of %s ended on %s", q.current(), expires.Format(time.DateOnly)), true
	case !q.Now.Before(expires.Add(-reserve)):
		return q.rebuild(OutOfDate, "building anew: %s is in the last tenth of its shelf life, which ends on %s",
			q.current(), expires.Format(time.DateOnly)), true
	}
	return Decision{}, false
}

func askDeclared(q Question) (Decision, bool) {
	if q.Declared {
		return Decision{}, false
	}
	return q.rebuild(Undeclared, "building anew: nothing known to the plugin changed since %s, but provisioners run whose content "+
		"it cannot see; to reuse unchanged images, declare what they depend on: inputs { files = [...] values = {...} }", q.current()), true
}

// expires honours a shelf life that was shortened after the image was built.
func (q Question) expires() time.Time {
	return Expiry(q.Current.BuiltAt, q.ShelfLife, q.Current.ExpiresAt)
}

func (q Question) rebuild(r Reason, format string, args ...any) Decision {
	return Decision{Reason: r, Sentence: q.sentence(format, args...)}
}

func (q Question) sentence(format string, args ...any) string {
	return q.Key.Family + "/" + string(q.Key.Tier) + ": " + fmt.Sprintf(format, args...)
}

func (q Question) current() string {
	return q.Current.ID + " (version " + q.Current.Version + ")"
}

func orSource(version string) string {
	if version == "" {
		return "the source image"
	}
	return "version " + version
}

// about rounds a duration to what a person needs.
func about(d time.Duration) string {
	switch {
	case d >= 2*day:
		return fmt.Sprintf("%d days", int64(d/day))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int64(d/time.Hour))
	default:
		return fmt.Sprintf("%d minutes", int64(max(0, d)/time.Minute))
	}
}

// listed joins words as a sentence does: a, b and c.
func listed(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
