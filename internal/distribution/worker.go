package distribution

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// worker does everything in one Region.
type worker struct {
	engine  *Engine
	plan    *Plan
	region  RegionPlan
	source  *sourceImage
	ec2     EC2
	kms     KMS
	report  func(Event)
	started time.Time

	keyARN string // of the key that was asked for; empty: none was
	result Result
}

// run takes the Region from nothing to done, in the one order that never shows
// an image to anybody before it is fit for use.
func (w *worker) run(ctx context.Context) error {
	if err := w.resolveKey(ctx); err != nil {
		return err
	}
	image, err := w.obtain(ctx)
	if err != nil {
		return err
	}
	snapshots, err := w.verify(ctx, image)
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context, types.Image, []types.Snapshot) error{
		w.completeTags, w.shareImage, w.shareSnapshots, w.modify, w.fastLaunch, w.deprecate, w.protect, w.markGood, w.keep,
	} {
		if err := step(ctx, image, snapshots); err != nil {
			return err
		}
	}
	return nil
}

// obtain gives the Region's image, available and with its snapshots known.
func (w *worker) obtain(ctx context.Context) (types.Image, error) {
	useSource := w.region.Mode == ModeSource ||
		w.region.Mode == ModeSourceOrCopy && w.source.fits(w.region, w.keyARN)
	if useSource {
		w.result.ImageID = w.plan.Source.ImageID
		w.result.Adopted = true
		return w.source.image, nil
	}
	found, err := w.lookup(ctx)
	if err != nil {
		return types.Image{}, err
	}
	if found.adopt == nil {
		return w.copy(ctx, found.dead)
	}
	w.result.ImageID = aws.ToString(found.adopt.ImageId)
	w.result.Adopted = true
	w.event(Event{Kind: EventAdopted, Detail: fmt.Sprintf("%s copy of %s", found.adopt.State, w.plan.Source.ImageID)})
	if found.adopt.State == types.ImageStateAvailable && !hasUnknownSnapshots(*found.adopt) {
		return *found.adopt, nil
	}
	return w.await(ctx, w.result.ImageID)
}

// event reports e for this Region and its image.
func (w *worker) event(e Event) {
	e.Region = w.region.Region
	e.ImageID = w.result.ImageID
	e.Elapsed = time.Since(w.started)
	w.report(e)
}

// call makes one EC2 call with this package's patience; what names it in errors.
func (w *worker) call(ctx context.Context, what string, do func(context.Context) error) error {
	err := retry(ctx, w.plan.timeout(), w.notify, do)
	if err != nil {
		return w.errorf("%s: %w", what, err)
	}
	return nil
}

func (w *worker) notify(c class, err error) {
	switch c {
	case classSlot:
		w.event(Event{Kind: EventWaiting, Detail: "for a free copy slot in the Region"})
	case classBusy:
		w.event(Event{Kind: EventWaiting, Detail: explained(err).Error()})
	default:
	}
}

// errorf says where, and on which image, something went wrong.
func (w *worker) errorf(format string, args ...any) error {
	where := w.region.Region
	if w.result.ImageID != "" {
		where += " " + w.result.ImageID
	}
	return fmt.Errorf("%s: %w", where, fmt.Errorf(format, args...))
}
