package distribute

import (
	"context"
	"fmt"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/atomicfile"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
	"github.com/goldenami/packer-plugin-goldenami/internal/lineage"
)

// checkLineage finds out, before hours of copying, whether the file can be written.
func (p *PostProcessor) checkLineage() error {
	if p.config.Outputs.Lineage == "" {
		return nil
	}
	if err := atomicfile.Check(p.config.Outputs.Lineage); err != nil {
		return fmt.Errorf("outputs: lineage: %w", err)
	}
	return nil
}

// writeLineage writes where the image comes from and where it is, now that it is complete
// in every Region.
func (p *PostProcessor) writeLineage(ctx context.Context, ui packersdk.Ui, s *session, source distribution.Source, results []distribution.Result) error {
	path := p.config.Outputs.Lineage
	if path == "" {
		return nil
	}
	chain, unread, err := lineage.Chain(ctx, s.lineage, lineage.Ref{Region: source.Region, ID: source.ImageID})
	if err != nil {
		return fmt.Errorf("outputs: lineage: %w", err)
	}
	if unread != nil {
		ui.Say("Warning: the lineage is what the images and their tags tell: " + cloud.Printable(cloud.Explain(unread)))
	}
	images := make([]lineage.Ref, 0, len(results))
	for _, r := range results {
		images = append(images, lineage.Ref{Region: r.Region, ID: r.ImageID})
	}
	text, err := lineage.NewDocument(images, chain, unread == nil).JSON()
	if err == nil {
		err = atomicfile.Write(path, text, 0o644)
	}
	if err != nil {
		return fmt.Errorf("outputs: lineage: %w", err)
	}
	return nil
}
