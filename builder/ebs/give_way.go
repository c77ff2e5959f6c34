package ebs

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/goldenami/packer-plugin-goldenami/internal/layer"
)

// errGaveWay ends the making of an image that another run has made meanwhile.
var errGaveWay = errors.New("another run has made this image meanwhile")

// stillClaimed makes sure that no other run makes this image, or has made it. A machine
// that was asleep for longer than its mark stands finds another run in its place: it
// waits for that one, and goes on only if no image came of it.
func (b *build) stillClaimed(ctx context.Context) error {
	err := b.claim.Check(ctx)
	var lost *layer.LostError
	if !errors.As(err, &lost) {
		return err
	}
	b.say("Warning: %s", lost)
	old := b.claim
	b.claim = nil
	if err := old.Release(ctx); err != nil { // it ends the renewing; the mark is gone
		b.say("Warning: %s", b.explain(err))
	}
	if err := (stepClaimBuild{b}).take(ctx); err != nil {
		return fmt.Errorf("on_concurrent: %w", err)
	}
	if b.reused() {
		return errGaveWay
	}
	return nil
}

// giveWay uses the image of the run that took the place of this one. What this one has
// made is in the ledger, and goes with the rest.
func (b *build) giveWay(ctx context.Context) error {
	b.say("Giving way to the run that made the image while this machine was asleep, and using its image")
	for _, key := range []string{"error", multistep.StateHalted} {
		b.state.Remove(key)
	}
	b.results, b.inTheWay, b.intermediary = nil, nil, ""
	stepDecideReuse{b}.accept()
	if err := b.runSteps(ctx, b.checkSteps()); err != nil {
		return err
	}
	if err := b.publish(b.result(layer.Reused, b.imageID)); err != nil {
		return err
	}
	return b.runSteps(ctx, b.workSteps(ctx))
}
