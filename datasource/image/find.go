package image

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// find gives what is told of the image, and empty values where there is none and
// none is needed.
func (c *Config) find(ctx context.Context, api ec2.DescribeImagesAPIClient, region string, now time.Time) (DatasourceOutput, error) {
	query := c.query(now)
	found, err := ami.Find(ctx, api, region, query)
	if err != nil {
		return DatasourceOutput{}, explained(err)
	}
	if len(found) == 0 && c.Optional {
		return DatasourceOutput{Tags: map[string]string{}}, nil
	}
	if len(found) == 0 {
		instead, err := ami.Absence(ctx, api, region, query)
		if err != nil {
			return DatasourceOutput{}, explained(err)
		}
		return DatasourceOutput{}, fmt.Errorf("there is no good image of %s in %s: %s", c.wanted(), region, instead)
	}
	if kinds := architectures(found); len(kinds) > 1 {
		return DatasourceOutput{}, fmt.Errorf("architecture: %s in %s has good images for %s: set the option to one of them", c.wanted(), region, listed(kinds))
	}
	return outputOf(found[0]), nil
}

// wanted names what was asked for.
func (c *Config) wanted() string {
	text := c.Family + "/" + c.Tier
	if c.Version != "" {
		text += ", version " + c.Version
	}
	if c.Architecture != "" {
		text += ", for " + c.Architecture
	}
	if c.MinRemaining != "" {
		text += ", with " + c.MinRemaining + " of its shelf life left"
	}
	return text
}

// architectures gives each one once, in order.
func architectures(found []ami.Image) []string {
	var kinds []string
	for _, i := range found {
		if !slices.Contains(kinds, i.Architecture) {
			kinds = append(kinds, i.Architecture)
		}
	}
	slices.Sort(kinds)
	return kinds
}

// explained adds AWS's code and request id.
func explained(err error) error {
	if cloud.Code(err) == "" {
		return err
	}
	return fmt.Errorf("%w\n%s", err, cloud.Explain(err))
}
