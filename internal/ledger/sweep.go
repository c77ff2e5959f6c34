package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// Deleter deletes one resource and returns when it is gone; what does not exist
// is a success.
type Deleter interface {
	Delete(ctx context.Context, r cloud.Resource) error
}

// SweepTimeout bounds a whole sweep, and stageTimeout each of its stages, so that
// one instance that does not end leaves time for the rest. Packer waits for us
// without end after Ctrl-C, so the bound must be ours.
const (
	SweepTimeout = 10 * time.Minute
	stageTimeout = 4 * time.Minute
)

// stages is the order of deletion: what uses goes before what is used. Kinds of
// one stage do not depend on each other and go at once.
var stages = [][]cloud.Kind{
	{cloud.KindInstance},
	{cloud.KindSecurityGroup, cloud.KindKeyPair, cloud.KindLaunchTemplate, cloud.KindInstanceProfileRole, cloud.KindRolePolicy},
	{cloud.KindInstanceProfile, cloud.KindRole},
	{cloud.KindImage},
	{cloud.KindVolume},
	{cloud.KindSnapshot},
}

// atOnce is how many deletions of a stage run together: EC2's bucket for
// mutating calls holds 50 and refills at 5 a second.
const atOnce = 4

// Sweep deletes what is live, and nothing else, and records what is gone. It goes
// on after a failure; left is what is still live, err joins one error for each.
// It works after ctx was cancelled, since that is when it is needed, but keeps
// ctx's deadline, and takes ten minutes at most.
func (l *Ledger) Sweep(ctx context.Context, d Deleter) (left []cloud.Resource, err error) {
	limit := time.Now().Add(SweepTimeout)
	if given, ok := ctx.Deadline(); ok && ctx.Err() == nil && given.Before(limit) {
		limit = given
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), limit)
	defer cancel()
	return l.sweep(ctx, d)
}

// sweep is Sweep within ctx.
func (l *Ledger) sweep(ctx context.Context, d Deleter) (left []cloud.Resource, err error) {
	var errs []error
	for _, kinds := range stages {
		errs = append(errs, l.sweepStage(ctx, d, l.liveOf(kinds))...)
	}
	for _, r := range l.Live() {
		if !known(r.Kind) {
			errs = append(errs, fmt.Errorf("%s was made by this run, and this version cannot delete a %q", r, r.Kind))
		}
	}
	return l.Live(), errors.Join(errs...)
}

func (l *Ledger) liveOf(kinds []cloud.Kind) []cloud.Resource {
	var of []cloud.Resource
	for _, r := range l.Live() {
		for _, k := range kinds {
			if r.Kind == k {
				of = append(of, r)
			}
		}
	}
	return of
}

func known(kind cloud.Kind) bool {
	for _, kinds := range stages {
		for _, k := range kinds {
			if k == kind {
				return true
			}
		}
	}
	return false
}

func (l *Ledger) sweepStage(ctx context.Context, d Deleter, rs []cloud.Resource) []error {
	ctx, cancel := context.WithTimeout(ctx, stageTimeout)
	defer cancel()
	errs := make([]error, len(rs))
	slots := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, r := range rs {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			errs[i] = l.sweepOne(ctx, d, r)
		})
	}
	all.Wait()
	return errs
}

func (l *Ledger) sweepOne(ctx context.Context, d Deleter, r cloud.Resource) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("no time was left to delete %s: %w", r, err)
	}
	if err := d.Delete(ctx, r); err != nil {
		return fmt.Errorf("%s is left: %w", r, err)
	}
	if err := l.Deleted(ctx, r); err != nil {
		return fmt.Errorf("%s is deleted, but that could not be recorded: %w", r, err)
	}
	return nil
}
