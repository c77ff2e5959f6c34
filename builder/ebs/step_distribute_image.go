package ebs

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
	"github.com/goldenami/packer-plugin-goldenami/internal/layer"
)

// stepDistributeImage makes everything true that the options ask of the image: copies,
// encryption, tags, sharing, deprecation, protection, and the state that look-ups
// trust, last. On an image that is reused it makes read calls only, if all is true.
//
// Cleans: nothing; the ledger has every copy.
type stepDistributeImage struct{ *build }

func (s stepDistributeImage) Run(ctx context.Context, _ multistep.StateBag) multistep.StepAction {
	spec, err := s.spec()
	if err != nil {
		return s.halt("distribute: %w", err)
	}
	if err := errors.Join(s.parentStands(), s.stillClaimed(ctx)); err != nil {
		return s.halt("distribute: %w", err)
	}
	if len(s.inTheWay) > 0 {
		s.replacing = true
		if err := s.ledger.Finish(s.liveImages(s.region())...); err != nil { // see keepResults
			return s.halt("record the image: %w", err)
		}
		if err := s.makeWay(ctx); err != nil {
			return s.halt("distribute: %w", err)
		}
	}
	source := distribution.Source{Region: s.region(), ImageID: s.imageID}
	results, err := s.engine().Execute(ctx, source, spec, s.report)
	s.results = results
	if err != nil {
		return s.halt("distribute %s: %w", s.imageID, err)
	}
	s.replacing, s.distributed = false, true
	if err := s.discardIntermediary(ctx); err != nil {
		return s.halt("distribute: %w", err)
	}
	if err := s.deleteReplaced(ctx); err != nil {
		return s.halt("distribute: %w", err)
	}
	return multistep.ActionContinue
}

func (stepDistributeImage) Cleanup(multistep.StateBag) {}

// parentStands asks whether the parent that this run made is still there: Packer
// deletes it when a post-processor of its build fails.
func (s stepDistributeImage) parentStands() error {
	if !s.base.InRun {
		return nil
	}
	parent, err := s.session.Peek(s.cfg.layerKey().WithTier(s.base.Tier))
	switch {
	case errors.Is(err, layer.ErrNotInRun):
		return nil
	case err != nil:
		return fmt.Errorf("ask for the parent %s: %w", s.base.ImageID, err)
	case parent.Status == layer.Destroyed:
		return fmt.Errorf("the parent %s was taken back while this image was built, so this image is not called good: %s", s.base.ImageID, parent.Reason)
	}
	return nil
}

// report tells the user what happens, and the other builds of the run that they can
// go on as soon as the image is good here.
func (s stepDistributeImage) report(e distribution.Event) {
	s.ui.Say(e.String())
	if e.Kind != distribution.EventDone || e.Region != s.region() || s.meta == nil {
		return
	}
	if err := s.publish(s.result(layer.Done, e.ImageID)); err != nil {
		s.ui.Error(err.Error())
	}
}

// result is what the other builds of the run are told.
func (b *build) result(status layer.Status, imageID string) layer.Result {
	return layer.Result{
		Status: status, ImageID: imageID, Version: b.meta.Version,
		Fingerprint: b.meta.Fingerprint, Root: b.meta.Root, ExpiresAt: b.meta.ExpiresAt,
	}
}

// discardIntermediary removes the image that was only there to be copied.
func (s stepDistributeImage) discardIntermediary(ctx context.Context) error {
	if s.intermediary == "" {
		return nil
	}
	s.say("Removing intermediary image %s", s.imageID)
	r := cloud.Resource{Kind: cloud.KindImage, ID: s.imageID, Region: s.region()}
	if err := s.discard(ctx, r); err != nil {
		return fmt.Errorf("remove intermediary image: %w", err)
	}
	return nil
}
