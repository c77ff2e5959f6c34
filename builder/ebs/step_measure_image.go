package ebs

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/goldenami/packer-plugin-goldenami/internal/tradeoff"
)

// stepLap accounts for the time since the last one: it is that of the figure, and
// nobody's where the figure is empty.
type stepLap struct {
	*build
	figure tradeoff.Figure
}

func (s stepLap) Run(context.Context, multistep.StateBag) multistep.StepAction {
	now := time.Now()
	if s.figures == nil {
		s.figures = tradeoff.Figures{}
	}
	if s.figure != "" {
		s.figures.SetSeconds(s.figure, now.Sub(s.lap))
	}
	s.lap = now
	return multistep.ActionContinue
}

func (stepLap) Cleanup(multistep.StateBag) {}

// priceTimeout bounds the look at the price list, which an account that is shut off
// from the internet may not reach.
const priceTimeout = 10 * time.Second

// stepMeasureImage completes what the image cost, before it is good: its tags tell it
// then. A figure that cannot be had is left out, and the user is told.
type stepMeasureImage struct{ *build }

func (s stepMeasureImage) Run(ctx context.Context, state multistep.StateBag) multistep.StepAction {
	if s.meta == nil {
		return multistep.ActionContinue
	}
	if s.cfg.Verify != nil {
		stepLap{s.build, tradeoff.Test}.Run(ctx, state)
	}
	if times := s.verification.passed; times != nil {
		s.figures.SetSeconds(tradeoff.Boot, times.Boot)
		if s.cfg.Verify.WaitFor == waitForSSH {
			s.figures.SetSeconds(tradeoff.FirstBoot, times.FirstBoot)
		}
	}
	if err := s.measureStorage(ctx); err != nil {
		if ctx.Err() != nil {
			return s.halt("measure the image: %w", err)
		}
		s.say("Warning: the figures of %s are incomplete: %s", s.imageID, s.explain(err))
	}
	s.meta.Metrics = s.figures.String()
	return multistep.ActionContinue
}

func (stepMeasureImage) Cleanup(multistep.StateBag) {}

// measureStorage looks at sizes and at their price. A copy that takes the place of the
// image shares nothing with the parent.
func (s stepMeasureImage) measureStorage(ctx context.Context) error {
	api := s.clients.EC2("")
	out, err := api.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{s.imageID}})
	if err != nil {
		return fmt.Errorf("look at %s: %w", s.imageID, err)
	}
	if len(out.Images) != 1 {
		return fmt.Errorf("EC2 does not show %s", s.imageID)
	}
	parent := s.source
	if s.intermediary != "" {
		parent = types.Image{}
	}
	if err := s.figures.Storage(ctx, api, out.Images[0], parent); err != nil {
		return fmt.Errorf("its size: %w", err)
	}
	list := tradeoff.PriceListRegion(s.region())
	if list == "" {
		return fmt.Errorf("its cost: the partition of %s has no price list", s.region())
	}
	limited, stop := context.WithTimeout(ctx, priceTimeout)
	defer stop()
	if err := s.figures.Price(limited, s.clients.Pricing(list), s.region()); err != nil {
		return fmt.Errorf("its cost: %w", err)
	}
	return nil
}
