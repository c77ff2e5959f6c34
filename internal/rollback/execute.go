package rollback

import (
	"context"
	"fmt"
	"slices"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// Execute does what the plan says, in the order that the package's comment gives. It
// ends at the first error; the same request, planned again, goes on from there.
func (e *Engine) Execute(ctx context.Context, p *Plan) error {
	if p.Done() {
		return nil
	}
	err := inRegions(p.Restore, func(region string, images []ami.Image) error {
		return ami.Restore(ctx, e.Clients.EC2(region), ids(images)...)
	})
	if err != nil {
		return fmt.Errorf("make %s good again: %w", p.Target.Version, err)
	}
	if err := e.leadAll(ctx, p.Moves); err != nil {
		return err
	}
	if err := e.revoke(ctx, p); err != nil {
		return err
	}
	// A build that found the newer image still good may have led a pointer back to it
	// while the marks were written.
	again, err := e.moves(ctx, p)
	if err != nil {
		return err
	}
	return e.leadAll(ctx, again)
}

func (e *Engine) leadAll(ctx context.Context, moves []Move) error {
	regions := make([]string, len(moves))
	for n, move := range moves {
		regions[n] = move.Region
	}
	return each(regions, func(n int, _ string) error {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := e.lead(ctx, moves[n]); err != nil {
			return err
		}
		e.say("Led back: %s", moves[n])
		return nil
	})
}

// revoke marks the images, parents before what was built on them.
func (e *Engine) revoke(ctx context.Context, p *Plan) error {
	for _, tier := range ami.Tiers() {
		var of []ami.Image
		for _, image := range p.Revoke {
			if image.Tier == tier {
				of = append(of, image)
			}
		}
		err := inRegions(of, func(region string, images []ami.Image) error {
			if err := ami.Revoke(ctx, e.Clients.EC2(region), p.request.Reason, p.request.Now, ids(images)...); err != nil {
				return err
			}
			for _, image := range images {
				e.say("Revoked: %s", line(image))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// inRegions works on images Region by Region, all at once.
func inRegions(images []ami.Image, work func(region string, images []ami.Image) error) error {
	byRegion := map[string][]ami.Image{}
	var regions []string
	for _, image := range images {
		if byRegion[image.Region] == nil {
			regions = append(regions, image.Region)
		}
		byRegion[image.Region] = append(byRegion[image.Region], image)
	}
	slices.Sort(regions)
	return each(regions, func(_ int, region string) error { return work(region, byRegion[region]) })
}

// ids are those of the images and of their snapshots, which have the same tags.
func ids(images []ami.Image) []string {
	var all []string
	for _, image := range images {
		all = append(append(all, image.ID), image.SnapshotIDs...)
	}
	return all
}

func (e *Engine) say(format string, args ...any) {
	if e.Report != nil {
		e.Report(fmt.Sprintf(format, args...))
	}
}
