package ebs

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
	"github.com/goldenami/packer-plugin-goldenami/internal/layer"
	"github.com/goldenami/packer-plugin-goldenami/internal/rollback"
)

// idle tells that a roll-back is in the template and not asked for.
func (c *Config) idle() bool { return c.Rollback != nil && c.Rollback.To == "" }

// rollBack takes images back, and gives the image that is current then; nil where the
// tier is left without one.
func (b *build) rollBack(ctx context.Context) (*Artifact, error) {
	engine := rollback.Engine{Clients: rollback.FromCloud(b.clients), Report: b.ui.Say}
	plan, err := engine.Plan(ctx, b.cfg.rollbackRequest(b.region()))
	if err != nil {
		return nil, b.decoded(ctx, fmt.Errorf("rollback: %w", err))
	}
	b.ui.Say(strings.Join(plan.Lines(), "\n"))
	if err := engine.Execute(ctx, plan); err != nil {
		return nil, b.decoded(ctx, fmt.Errorf("rollback: it ended in the middle, and the same run goes on from there: %w", err))
	}
	if plan.Target == nil {
		return nil, nil
	}
	b.standAt(plan)
	return b.artifact(ctx), nil
}

func (c *Config) rollbackRequest(home string) rollback.Request {
	r := c.Rollback
	return rollback.Request{
		Family: c.Family, Tier: c.tier(), Architecture: r.Architecture, To: r.To, Reason: r.Reason, Home: home, Regions: r.Regions,
		Cascade: r.Cascade == cascadeRevoke, AllowEmpty: r.AllowEmpty, AllowExpired: r.AllowExpired, AllowNewer: r.AllowNewer,
	}
}

// standAt makes the target the result, as an image that is used again: it stays when
// Packer throws the artifact away.
func (b *build) standAt(plan *rollback.Plan) {
	meta := plan.Target.Images[0].Meta
	meta.State, meta.RevokedReason, meta.RevokedAt = ami.Good, "", ami.Meta{}.RevokedAt
	b.meta, b.decision = &meta, layer.Decision{Reuse: true}
	images := plan.Images()
	b.imageID = images[b.region()]
	for _, region := range sortedKeys(images) {
		b.results = append(b.results, distribution.Result{Region: region, ImageID: images[region]})
	}
	b.state.Put("source_image", &types.Image{ImageId: &meta.Parent})
}
