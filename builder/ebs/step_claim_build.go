package ebs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/layer"
)

// stepClaimBuild sees to it that of several runs one builds the image, and that the
// others wait and use it. The claim is held until the image is good and all that was
// asked of it is true, so that a copy is not made twice either.
type stepClaimBuild struct{ *build }

func (s stepClaimBuild) Run(ctx context.Context, state multistep.StateBag) multistep.StepAction {
	if !s.claims() {
		return multistep.ActionContinue
	}
	if err := s.take(ctx); err != nil {
		return s.halt("on_concurrent: %w", err)
	}
	if !s.reused() {
		return multistep.ActionContinue
	}
	// Another run has made the image meanwhile. What is asked of it is checked as of
	// every image that is used again.
	stepDecideReuse(s).accept()
	for _, check := range s.checkSteps() {
		if check.Run(ctx, state) == multistep.ActionHalt {
			return multistep.ActionHalt
		}
	}
	return multistep.ActionContinue
}

func (stepClaimBuild) Cleanup(multistep.StateBag) {}

// claims tells whether a mark is of use: nobody uses an image again whose inputs are
// not declared, and without an image there is nothing to share.
func (s stepClaimBuild) claims() bool {
	return s.cfg.layered() && !s.reused() && s.cfg.Inputs != nil && !s.cfg.AMISkipCreateImage
}

func (s stepClaimBuild) take(ctx context.Context) error {
	on, err := layer.ParseOnConcurrent(s.cfg.OnConcurrent)
	if err != nil {
		return err
	}
	enough := s.enough
	if s.decision.Reason == layer.Forced { // no image will do, and others may wait for this one
		enough = nil
		if on == layer.ConcurrentWait {
			on = layer.ConcurrentBuild
		}
	}
	waiting, stop := context.WithTimeoutCause(ctx, s.cfg.claimTimeout,
		fmt.Errorf("it was not ready within %s (concurrent_timeout)", s.cfg.claimTimeout))
	defer stop()
	claimer := &layer.Claimer{
		API: s.clients.EC2(""), Name: ami.ClaimName(s.cfg.Family, s.cfg.tier(), s.meta.Fingerprint), Run: s.runID, Lease: s.lease,
		Report: func(text string) { s.say("%s: %s", s.cfg.Tier, text) },
	}
	s.claim, err = claimer.Take(waiting, on, enough)
	if err != nil && waiting.Err() != nil { // whichever call it was that had no time left
		return errors.Join(context.Cause(waiting), err)
	}
	var busy *layer.BusyError
	if errors.As(err, &busy) {
		return fmt.Errorf("%w; run again when it has ended, or set on_concurrent to %q or %q", err, layer.ConcurrentWait, layer.ConcurrentBuild)
	}
	return err
}

// enough looks again for an image that will do.
func (s stepClaimBuild) enough(ctx context.Context) (bool, error) {
	if err := stepDecideReuse(s).decide(ctx); err != nil {
		return false, err
	}
	return s.reused(), nil
}

// seenTimeout bounds how long a build waits until its own image can be found.
const seenTimeout = time.Minute

// release ends the claim. EC2 shows tags late: another run that looked at once would
// not find the image and build it a second time, so this build looks first.
func (b *build) release(ctx context.Context, failed error) error {
	if b.claim == nil {
		return nil
	}
	if failed == nil {
		seeing, stop := context.WithTimeout(ctx, seenTimeout)
		defer stop()
		for !b.seen(seeing) && seeing.Err() == nil {
			select {
			case <-seeing.Done():
			case <-time.After(time.Second):
			}
		}
	}
	return b.claim.Release(ctx)
}

// seen tells whether a look-up finds the image of this build, or a newer one.
func (b *build) seen(ctx context.Context) bool {
	image, found, err := layer.EC2Lookup{API: b.clients.EC2("")}.Newest(ctx, b.cfg.layerKey(), true)
	return err == nil && found && image.Version >= b.meta.Version
}
