package ebs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/goldenami/packer-plugin-goldenami/internal/pointer"
)

// stepCheckPointers finds out, before an instance is paid for, what would keep the
// launch template and the parameters from following the image. It makes read calls
// only, and none where nothing will be launched: the step that moves them asks then.
type stepCheckPointers struct{ *build }

func (s stepCheckPointers) Run(ctx context.Context, _ multistep.StateBag) multistep.StepAction {
	if s.reused() || !s.cfg.points() {
		return multistep.ActionContinue
	}
	var errs []error
	for _, region := range append([]string{s.region()}, s.cfg.AMIRegions...) {
		if err := s.check(ctx, region); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", region, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return s.halt("nothing was launched: %w", err)
	}
	return multistep.ActionContinue
}

func (stepCheckPointers) Cleanup(multistep.StateBag) {}

func (s stepCheckPointers) check(ctx context.Context, region string) error {
	wish, err := s.wish()
	if err != nil {
		return err
	}
	var errs []error
	if wish.Template != nil {
		found, err := pointer.ByName(ctx, s.clients.EC2(region), wish.Template.Name)
		if err == nil && found != nil {
			err = wish.Template.Refuse(found)
		}
		errs = append(errs, err)
	}
	for _, p := range wish.Parameters {
		_, err := pointer.Read(ctx, s.clients.SSM(region), p.Name)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// stepMovePointers comes last: the image is good in every Region, and consumers are
// led to it.
type stepMovePointers struct{ *build }

func (s stepMovePointers) Run(ctx context.Context, _ multistep.StateBag) multistep.StepAction {
	if !s.cfg.points() {
		return multistep.ActionContinue
	}
	wish, err := s.wish()
	if err != nil {
		return s.halt("launch_template: %w", err)
	}
	// From here on the images are results. A failed move may have led somebody to them,
	// and the next run goes on where this one ended.
	s.mu.Lock()
	s.followed = true
	keep := slices.Clone(s.finished)
	s.mu.Unlock()
	if err := s.ledger.Keep(ctx, keep...); err != nil {
		return s.halt("record the results: %w", err)
	}
	if wish.Template != nil {
		if err := s.ledger.Finish(wish.Template.Name); err != nil {
			return s.halt("record the launch template: %w", err)
		}
	}
	images := map[string]string{}
	for _, r := range s.results {
		images[r.Region] = r.ImageID
	}
	mover := pointer.Mover{Clients: pointer.FromCloud(s.clients), Report: s.ui.Say}
	s.moved, err = mover.Follow(ctx, images, wish)
	if err != nil {
		return s.halt("the images are good and stay (%s), but not everything that is to follow them does; the next run goes on: %w", s.imageList(), err)
	}
	if err := s.ledger.Keep(ctx, s.newTemplates()...); err != nil {
		return s.halt("record the results: %w", err)
	}
	return multistep.ActionContinue
}

func (stepMovePointers) Cleanup(multistep.StateBag) {}

// newTemplates are the launch templates that lead to the image and are new. Until they
// are kept, the cleaning up of a build that failed takes them away again.
func (s stepMovePointers) newTemplates() []string {
	var ids []string
	for _, change := range s.moved {
		if change.Made && change.TemplateID != "" {
			ids = append(ids, change.TemplateID)
		}
	}
	return ids
}

// wish says what is to follow the image.
func (b *build) wish() (pointer.Wish, error) {
	var w pointer.Wish
	owner := b.meta.OwnerTags()
	if t := b.cfg.LaunchTemplate; t != nil {
		data, err := b.cfg.firstBootData()
		if err != nil {
			return w, err
		}
		w.Template = &pointer.Template{
			Name: t.Name, Description: t.VersionDescription, KeepDefault: t.Default.False(), UserData: data, Tags: withOwner(t.Tags, owner),
		}
		setDefault(&w.Template.Description, fmt.Sprintf("%s %s %s", b.meta.Family, b.meta.Tier, b.meta.Version))
	}
	for _, p := range b.cfg.SSMParameters {
		w.Parameters = append(w.Parameters, pointer.Parameter{Name: p.Name, Description: p.Description, Tags: withOwner(p.Tags, owner)})
	}
	return w, nil
}

// withOwner joins the user's tags and ours.
func withOwner(tags, owner map[string]string) map[string]string {
	all := maps.Clone(owner)
	maps.Copy(all, tags)
	return all
}
