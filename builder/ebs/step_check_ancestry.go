package ebs

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/lineage"
)

// ancestryPatience is how long EC2 may not know the ancestry of an image that it
// reports as available.
const ancestryPatience = 30 * time.Second

// stepCheckAncestry compares EC2's own record of the new image with the parent that
// the build chose. An image of another parent is bad. Where the record cannot be read,
// because the partition has none or the permission is missing, that is a warning: the
// instance was launched from the parent by its id.
//
// Cleans: nothing.
type stepCheckAncestry struct{ *build }

func (s stepCheckAncestry) Run(ctx context.Context, _ multistep.StateBag) multistep.StepAction {
	if s.meta == nil {
		return multistep.ActionContinue
	}
	api := s.clients.EC2("")
	err := patiently(ctx, ancestryPatience, cloud.IsPending, func(ctx context.Context) error {
		return lineage.Check(ctx, api, s.imageID, s.meta.Parent)
	})
	var mismatch *lineage.MismatchError
	switch {
	case err == nil:
		return multistep.ActionContinue
	case errors.As(err, &mismatch):
		marking, stop := context.WithTimeout(context.WithoutCancel(ctx), markTimeout)
		defer stop()
		if e := ami.SetState(marking, api, ami.Bad, s.imageID); e != nil {
			s.ui.Error(s.explain(e))
		}
		return s.halt("ancestry: %w; the image is not called good", err)
	case ctx.Err() != nil:
		return s.halt("ancestry of %s: %w", s.imageID, context.Cause(ctx))
	}
	s.say("Warning: the lineage of %s rests on its tags alone: %s", s.imageID, s.explain(err))
	return multistep.ActionContinue
}

func (stepCheckAncestry) Cleanup(multistep.StateBag) {}
