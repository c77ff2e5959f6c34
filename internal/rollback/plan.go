package rollback

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// Engine plans roll-backs and makes them.
type Engine struct {
	Clients Clients
	// Report takes a sentence for each change; nil drops them. It may be called by
	// several goroutines at once.
	Report func(string)
}

// Plan is what a roll-back will do.
type Plan struct {
	Target  *Release // nil: the tier is left without a good image
	Current *Release // the newest good version before; nil if there is none
	// Restore are images of the target that are good again, Revoke what is taken back,
	// in the order in which it is done.
	Restore, Revoke []ami.Image
	Moves           []Move
	// Built are images that were built on a withdrawn one. Those of ours are revoked
	// with Request.Cascade, others never are.
	Built    []Built
	Warnings []string

	request   Request
	withdrawn []ami.Image // what was or is revoked
	passed    []ami.Image // older than a target that was revoked; good, and not current any more
	remaining []ami.Image // what is good afterwards, newest first
}

// Plan finds out what is to be done, with read calls only.
func (e *Engine) Plan(ctx context.Context, r Request) (*Plan, error) {
	if r.Now.IsZero() {
		r.Now = time.Now()
	}
	regions, err := e.regions(ctx, r)
	if err != nil {
		return nil, err
	}
	images, err := e.inventory(ctx, r, regions)
	if err != nil {
		return nil, err
	}
	all, err := releases(r, images)
	if err != nil {
		return nil, err
	}
	chosen, err := e.choose(ctx, r, all, images)
	if err != nil {
		return nil, err
	}
	p := &Plan{Target: chosen.target, Current: chosen.current, request: r}
	if r.Reason == "" && p.Target != nil {
		p.request.Reason = "rolled back to " + p.Target.Version
	}
	p.mark(all)
	if err := e.descend(ctx, p, images); err != nil {
		return nil, err
	}
	if err := p.settle(images); err != nil {
		return nil, err
	}
	p.Moves, err = e.moves(ctx, p)
	return p, err
}

// mark says which images of the tier change their state.
func (p *Plan) mark(all []Release) {
	if p.Target != nil {
		for _, image := range p.Target.Images {
			if image.State == ami.Revoked {
				p.Restore = append(p.Restore, image)
			}
		}
	}
	for _, release := range all {
		if p.Target != nil && release.Version <= p.Target.Version {
			p.pass(release)
			continue
		}
		for _, image := range release.Images {
			switch image.State {
			case ami.Good:
				p.Revoke = append(p.Revoke, image)
				p.withdrawn = append(p.withdrawn, image)
			case ami.Revoked:
				p.withdrawn = append(p.withdrawn, image)
			case ami.Building, ami.Testing:
				p.warn("%s in %s (version %s) is %s, and will be newer than the target once it is good", image.ID, image.Region, image.Version, image.State)
			case ami.Bad, ami.Retired:
			}
		}
	}
}

// pass notes an image that pointers are led away from because a newer one is the
// current one again. In a roll-back to an older image none is.
func (p *Plan) pass(release Release) {
	if p.request.AllowNewer && release.Version < p.Target.Version {
		p.passed = append(p.passed, release.Images...)
	}
}

func (p *Plan) warn(format string, args ...any) {
	p.Warnings = append(p.Warnings, fmt.Sprintf(format, args...))
}

// settle works out what is good afterwards, and refuses a plan that leaves a tier
// without a good image where it has one now.
func (p *Plan) settle(images []ami.Image) error {
	changed := map[string]ami.State{}
	for _, image := range p.Restore {
		changed[key(image)] = ami.Good
	}
	for _, image := range p.Revoke {
		changed[key(image)] = ami.Revoked
	}
	before, after := map[string]bool{}, map[string]bool{}
	for _, image := range images {
		usable := !image.Expired(p.request.Now) || p.Target != nil && image.Version == p.Target.Version
		state, will := changed[key(image)]
		if !will {
			state = image.State
		}
		if usable && image.State == ami.Good {
			before[place(image)] = true
		}
		if usable && state == ami.Good {
			after[place(image)] = true
			p.remaining = append(p.remaining, image)
		}
	}
	slices.SortFunc(p.remaining, func(a, b ami.Image) int {
		return cmp.Or(cmp.Compare(b.Version, a.Version), cmp.Compare(a.ID, b.ID))
	})
	var empty []string
	for where := range before {
		if !after[where] {
			empty = append(empty, where)
		}
	}
	slices.Sort(empty)
	switch {
	case len(empty) == 0:
		return nil
	case !p.request.AllowEmpty:
		return fmt.Errorf("nothing was changed, because no good image would be left of %s; copy or build one first, or set allow_empty to do it all the same",
			strings.Join(empty, ", "))
	}
	p.warn("no good image is left of %s", strings.Join(empty, ", "))
	return nil
}

// key tells images apart, in whatever Region.
func key(i ami.Image) string { return i.Region + ":" + i.ID }

// place is where a look-up finds one image instead of another.
func place(i ami.Image) string {
	return fmt.Sprintf("%s/%s (%s) in %s", i.Family, i.Tier, i.Architecture, i.Region)
}

// Done tells that there is nothing to do.
func (p *Plan) Done() bool { return len(p.Restore)+len(p.Revoke)+len(p.Moves) == 0 }

// Images are those of the target by Region.
func (p *Plan) Images() map[string]string {
	images := map[string]string{}
	if p.Target == nil {
		return images
	}
	for _, image := range slices.Backward(p.Target.Images) { // the first of a Region wins
		images[image.Region] = image.ID
	}
	return images
}
