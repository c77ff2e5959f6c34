package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/tradeoff"
)

// printFigures prints what the newest image of each tier cost, as its tags tell.
func printFigures(ctx context.Context, out io.Writer, family string, regions []string) error {
	for _, region := range regions {
		cfg, err := configOf(ctx, region)
		if err != nil {
			return err
		}
		found, err := ami.Find(ctx, ec2.NewFromConfig(cfg), region, ami.Query{Family: family, IncludeExpired: true})
		if err != nil {
			return fmt.Errorf("figures in %s: %w", region, err)
		}
		if err := tradeoff.Table(out, time.Now(), tradeoff.EntriesOf(found)...); err != nil {
			return err
		}
	}
	return nil
}
