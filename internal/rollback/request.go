package rollback

import (
	"fmt"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// Previous asks for the version before the newest one.
const Previous = "previous"

// Request says what is to be rolled back, and how far.
type Request struct {
	Family string
	Tier   ami.Tier
	// Architecture is needed where the tier has images of several.
	Architecture string
	// To is Previous, or a version.
	To string
	// Reason is written on what is revoked.
	Reason string
	// Home is the Region that is asked which Regions there are; Regions are those
	// that are worked on, all that are enabled for the account unless set.
	Home    string
	Regions []string
	// Cascade revokes what was built on a revoked image too.
	Cascade bool
	// AllowEmpty lets a tier be without a good image afterwards, AllowExpired takes a
	// target past its shelf life, and AllowNewer one that is newer than the current
	// image: it takes an earlier roll-back back.
	AllowEmpty, AllowExpired, AllowNewer bool
	// Now is the time that expiry is judged at and that is written; the present unless
	// set.
	Now time.Time
}

// name is the tier for messages.
func (r Request) name() string {
	name := r.Family + "/" + string(r.Tier)
	if r.Architecture != "" {
		name += " (" + r.Architecture + ")"
	}
	return name
}

// Release is a version of a tier with its images in all Regions.
type Release struct {
	Version string
	// State is good where one of the images is; that of the first Region otherwise.
	State  ami.State
	Images []ami.Image // by Region
}

func (r Release) first() ami.Image { return r.Images[0] }

// wasGood tells whether the version was proven once.
func (r Release) wasGood() bool { return r.State == ami.Good || r.State == ami.Revoked }

// line describes the version in a list for people.
func (r Release) line(now time.Time) string {
	state := string(r.State)
	if r.first().Expired(now) {
		state += ", expired " + r.first().ExpiresAt.Format(time.DateOnly)
	}
	if reason := r.first().RevokedReason; reason != "" && r.State == ami.Revoked {
		state += ": " + reason
	}
	return fmt.Sprintf("%s  %s old  %s", r.Version, age(now.Sub(r.first().BuiltAt)), state)
}

// age rounds to what a person needs.
func age(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int64(d/(24*time.Hour)))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int64(d/time.Hour))
	}
	return fmt.Sprintf("%d minutes", int64(max(0, d)/time.Minute))
}
