package rollback

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// choice is the answer to which version is meant.
type choice struct {
	all     []Release
	target  *Release // nil: none is left, which the caller allowed
	current *Release // the newest good version now; nil if there is none
}

// choose finds the target among the versions. Errors list those that there are.
func (e *Engine) choose(ctx context.Context, r Request, all []Release, images []ami.Image) (choice, error) {
	c := choice{all: all}
	for n := range all {
		if all[n].State == ami.Good && !all[n].first().Expired(r.Now) {
			c.current = &all[n]
			break
		}
	}
	var err error
	if r.To == Previous {
		c.target, err = previous(r, all)
	} else {
		c.target, err = e.named(ctx, r, c, images)
	}
	if err != nil {
		return c, fmt.Errorf("%w%s", err, list(all, r.Now))
	}
	return c, nil
}

// previous gives the newest good version below the newest that ever was good.
func previous(r Request, all []Release) (*Release, error) {
	newest := -1
	for n := range all {
		switch {
		case !all[n].wasGood():
		case newest < 0:
			newest = n
		case all[n].State == ami.Good && (r.AllowExpired || !all[n].first().Expired(r.Now)):
			return &all[n], nil
		}
	}
	if newest < 0 {
		return nil, fmt.Errorf("there is nothing to roll back: no version of %s was ever good", r.name())
	}
	if r.AllowEmpty {
		return nil, nil //nolint:nilnil // the caller allows that none is left
	}
	return nil, fmt.Errorf("there is nothing to roll back to: %s has no good version before %s; name a revoked or expired one (allow_expired) that is to be good again, or leave the tier without a good image (allow_empty)",
		r.name(), all[newest].Version)
}

// named gives the version that was named, if it may be gone back to.
func (e *Engine) named(ctx context.Context, r Request, c choice, images []ami.Image) (*Release, error) {
	var target *Release
	for n := range c.all {
		if c.all[n].Version == r.To {
			target = &c.all[n]
		}
	}
	switch {
	case target == nil:
		return nil, e.unknown(ctx, r, images)
	case !target.wasGood():
		return nil, fmt.Errorf("version %s of %s is %s and was never good, so it is not gone back to", r.To, r.name(), target.State)
	case target.first().Expired(r.Now) && !r.AllowExpired:
		return nil, fmt.Errorf("version %s of %s expired on %s; set allow_expired to go back to it all the same", r.To, r.name(), target.first().ExpiresAt.Format(time.DateOnly))
	case c.current != nil && target.Version > c.current.Version && !r.AllowNewer:
		return nil, fmt.Errorf("version %s of %s is newer than the current one, %s; set allow_newer to take an earlier roll-back back", r.To, r.name(), c.current.Version)
	}
	return target, nil
}

// unknown says where the version was found instead.
func (e *Engine) unknown(ctx context.Context, r Request, images []ami.Image) error {
	for _, image := range images {
		if image.Version == r.To {
			return fmt.Errorf("version %s is of tier %s, not of %s", r.To, image.Tier, r.name())
		}
	}
	elsewhere, err := ami.Find(ctx, e.Clients.EC2(r.Home), r.Home, ami.Query{Version: r.To, States: ami.States(), IncludeExpired: true})
	if err == nil && len(elsewhere) > 0 {
		return fmt.Errorf("version %s is of %s/%s (%s), not of %s", r.To, elsewhere[0].Family, elsewhere[0].Tier, elsewhere[0].Architecture, r.name())
	}
	return fmt.Errorf("%s has no version %s that is available", r.name(), r.To)
}

// mostListed keeps an error readable where a tier has hundreds of versions.
const mostListed = 20

// list shows the versions that there are, newest first.
func list(all []Release, now time.Time) string {
	if len(all) == 0 {
		return "\nThere are no versions."
	}
	var text strings.Builder
	text.WriteString("\nThe versions are:")
	for n, release := range all {
		if n == mostListed {
			fmt.Fprintf(&text, "\n  and %d older ones", len(all)-n)
			break
		}
		text.WriteString("\n  " + release.line(now))
	}
	return text.String()
}
