package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// printTable prints the newest image of each tier, with its copies.
func printTable(ctx context.Context, out io.Writer, template, family string, regions []string) error {
	stages, err := readStages(template)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TIER\tAMI\tPARENT\tREGION\tENCRYPTED WITH\tSHARED WITH\tBUILD TIME\tFIRST BOOT WOULD STILL RUN")
	for _, tier := range ami.Tiers() {
		for _, region := range regions {
			cfg, err := configOf(ctx, region)
			if err != nil {
				return err
			}
			v := view{ec2: ec2.NewFromConfig(cfg), kms: kms.NewFromConfig(cfg), region: region}
			line, err := v.line(ctx, family, tier)
			if err != nil {
				return fmt.Errorf("%s image in %s: %w", tier, region, err)
			}
			if line != nil {
				fmt.Fprintln(table, strings.Join(append(line, firstBoot(stages, tier)), "\t"))
			}
		}
	}
	return table.Flush()
}

// view is one Region, to look at.
type view struct {
	ec2    *ec2.Client
	kms    *kms.Client
	region string
}

// line gives the columns of the newest good image of the tier, nil if there is none.
func (v view) line(ctx context.Context, family string, tier ami.Tier) ([]string, error) {
	images, err := ami.Find(ctx, v.ec2, v.region, ami.Query{Family: family, Tier: tier})
	if err != nil || len(images) == 0 {
		return nil, err
	}
	newest := images[0]
	disk, err := v.disk(ctx, newest)
	if err != nil {
		return nil, err
	}
	key, err := v.keyName(ctx, disk)
	if err != nil {
		return nil, err
	}
	shared, err := v.sharedWith(ctx, newest.ID)
	if err != nil {
		return nil, err
	}
	took, err := v.buildTime(ctx, newest, disk)
	if err != nil {
		return nil, err
	}
	return []string{string(tier), newest.ID, newest.Parent, v.region, key, shared, took}, nil
}

// seconds shows a time as the demo's reader wants it: to a tenth.
func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
