package ebs

import (
	"context"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/goldenami/packer-plugin-goldenami/internal/atomicfile"
	"github.com/goldenami/packer-plugin-goldenami/internal/lineage"
)

// stepWriteLineage writes where the image comes from, now that it is good.
type stepWriteLineage struct{ *build }

func (s stepWriteLineage) Run(ctx context.Context, _ multistep.StateBag) multistep.StepAction {
	path := s.cfg.LineageFile
	if path == "" {
		return multistep.ActionContinue
	}
	images := make([]lineage.Ref, 0, len(s.results))
	of := lineage.Ref{Region: s.region(), ID: s.imageID}
	for _, r := range s.results {
		images = append(images, lineage.Ref{Region: r.Region, ID: r.ImageID})
		if r.Region == s.region() {
			of.ID = r.ImageID // a copy, where the image of the instance was an intermediary
		}
	}
	chain, unread, err := lineage.Chain(ctx, func(region string) lineage.API { return s.clients.EC2(region) }, of)
	if err != nil {
		return s.halt("lineage_file: %w", err)
	}
	if unread != nil {
		s.say("Warning: the lineage is what the images and their tags tell: %s", s.explain(unread))
	}
	text, err := lineage.NewDocument(images, chain, unread == nil).JSON()
	if err != nil {
		return s.halt("lineage_file: %w", err)
	}
	if err := atomicfile.Write(path, text, 0o644); err != nil {
		return s.halt("lineage_file: %w", err)
	}
	s.say("Lineage of %s (%d images up to %s): %s", of.ID, len(chain), chain[len(chain)-1].ID, path)
	return multistep.ActionContinue
}

func (stepWriteLineage) Cleanup(multistep.StateBag) {}
