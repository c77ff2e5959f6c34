package ebs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/ledger"
)

// removeTimeout bounds the cleaning up of one step. What is not done by then is
// tried again by the sweep at the end, which has a bound of its own.
const removeTimeout = 4 * time.Minute

// remove deletes what this build made of some kinds. Steps call it when they clean
// up, so that what one thing depends on goes after it. Failures are told and left to
// the sweep.
func (b *build) remove(kinds ...cloud.Kind) {
	ctx, stop := context.WithTimeout(context.Background(), removeTimeout)
	defer stop()
	live := b.ledger.Live()
	for _, kind := range kinds {
		for _, r := range live {
			if r.Kind != kind {
				continue
			}
			b.say("Deleting %s", r)
			if err := b.discard(ctx, r); err != nil {
				b.ui.Error(fmt.Sprintf("%s could not be deleted yet: %s", r, b.explain(err)))
			}
		}
	}
}

func (b *build) discard(ctx context.Context, r cloud.Resource) error {
	if err := b.deleter.Delete(ctx, r); err != nil {
		return err
	}
	return b.ledger.Deleted(ctx, r)
}

// runTags are run_tags and the tag by which a later sweep finds what this run made.
func (b *build) runTags() map[string]string {
	tags := maps.Clone(b.cfg.RunTags)
	if tags == nil {
		tags = map[string]string{}
	}
	maps.Copy(tags, ami.Meta{Run: b.runID}.Tags())
	return tags
}

// settle is the end of every build: results are kept, all else that this build made
// is removed, and what could not be is an error that lists it.
func (b *build) settle(ctx context.Context, failed error) error {
	if b.aborted(failed) {
		return b.leave(failed)
	}
	if err := b.keepResults(ctx, failed); err != nil {
		return fmt.Errorf("record the results: %w", err)
	}
	if len(b.ledger.Live()) > 0 && failed != nil {
		b.say("Removing what this build made")
	}
	sweeping, stop := context.WithTimeout(context.WithoutCancel(ctx), ledger.SweepTimeout)
	defer stop()
	left, err := b.ledger.Sweep(sweeping, b.deleter)
	if len(left) == 0 {
		return failed
	}
	if failed == nil {
		failed = fmt.Errorf("the images are good (%s), but the build left something behind", b.imageList())
	}
	return &leftoverError{cause: failed, left: left, path: b.ledger.Path(), err: err}
}

// keepResults marks what is not to be removed.
func (b *build) keepResults(ctx context.Context, failed error) error {
	b.mu.Lock()
	keep := slices.Clone(b.finished)
	b.mu.Unlock()
	if failed == nil || b.followed {
		return b.ledger.Keep(ctx, keep...)
	}
	if b.verification.failed {
		return b.keepFailed(ctx)
	}
	switch {
	case b.cfg.OnFailure == onFailureKeepImages:
		keep = append(keep, b.liveImages("")...)
	case b.distributed && ctx.Err() != nil && !b.reused(): // it was finished before Ctrl-C
	case b.replacing || b.used(): // an image that others build on is not ours to take away
		keep = append(keep, b.liveImages(b.region())...)
	default:
		return nil
	}
	for _, id := range keep {
		b.ui.Error("Kept although the build failed: " + id)
	}
	return b.ledger.Keep(ctx, keep...)
}

// used tells whether another build of the run has built on the image. If none has, none
// will: they are told that it is about to be removed. Not to know counts as used.
func (b *build) used() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.settled || !b.session.Joined() || b.reused() {
		return false
	}
	used, err := b.session.Withdraw("its build failed later, and took the image away")
	return used || err != nil
}

// liveImages are the images and snapshots this build made, in one Region or in all.
func (b *build) liveImages(region string) []string {
	var ids []string
	for _, r := range b.ledger.Live() {
		if (r.Kind == cloud.KindImage || r.Kind == cloud.KindSnapshot) && (region == "" || r.Region == region) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// aborted tells whether the user asked for everything to be left as it is.
func (b *build) aborted(failed error) bool {
	if failed == nil {
		return false
	}
	_, asked := b.state.GetOk("aborted") // of -on-error=ask
	return asked || slices.Contains([]string{"abort", "run-cleanup-provisioner"}, b.cfg.PackerOnError)
}

// leave removes nothing and says what is there.
func (b *build) leave(failed error) error {
	live := b.ledger.Live()
	if len(live) == 0 {
		return failed
	}
	return &leftoverError{cause: failed, left: live, path: b.ledger.Path(), asked: true}
}
