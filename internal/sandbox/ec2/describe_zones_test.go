package ec2_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func (c *cloud) regions(in *ec2.DescribeRegionsInput) []types.Region {
	c.t.Helper()
	out, err := c.home.DescribeRegions(c.t.Context(), in)
	return must(c.t, out, err).Regions
}

func TestRegionsOfThePartition(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	if n := len(c.regions(&ec2.DescribeRegionsInput{AllRegions: aws.Bool(true)})); n != 34 {
		t.Errorf("want 34 Regions in all, got %d", n)
	}
	if n := len(c.regions(&ec2.DescribeRegionsInput{})); n != 17 {
		t.Errorf("want 17 Regions that need no opt-in, got %d", n)
	}
	got := c.regions(&ec2.DescribeRegionsInput{AllRegions: aws.Bool(true), Filters: []types.Filter{filter("endpoint", "*mx-central*")}})
	if len(got) != 1 || *got[0].OptInStatus != "not-opted-in" || *got[0].Endpoint != "ec2.mx-central-1.amazonaws.com" {
		t.Errorf("by endpoint: %+v", got)
	}
	if n := len(c.regions(&ec2.DescribeRegionsInput{AllRegions: aws.Bool(true), Filters: []types.Filter{filter("opt-in-status", "opt-in-not-required")}})); n != 17 {
		t.Errorf("by status: %d", n)
	}
	_, err := c.home.DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{RegionNames: []string{"us-east-9"}})
	refused(t, err, badRequest, "InvalidParameterValue", "Invalid region provided: us-east-9")
	_, err = c.EC2(sandboxtest.Home, "mx-central-1").DescribeImages(t.Context(), &ec2.DescribeImagesInput{})
	refused(t, err, 401, "AuthFailure", "AWS was not able to validate the provided access credentials")
}

func TestAvailabilityZones(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	zones := func(region string, in *ec2.DescribeAvailabilityZonesInput) []string {
		out, err := c.EC2(sandboxtest.Home, region).DescribeAvailabilityZones(t.Context(), in)
		var list []string
		for _, z := range must(t, out, err).AvailabilityZones {
			list = append(list, *z.ZoneName+"="+*z.ZoneId)
		}
		return list
	}
	for region, want := range map[string][]string{
		"us-east-1":      {"us-east-1a=use1-az1", "us-east-1b=use1-az2", "us-east-1c=use1-az4", "us-east-1d=use1-az6", "us-east-1e=use1-az3", "us-east-1f=use1-az5"},
		"us-west-1":      {"us-west-1a=usw1-az1", "us-west-1c=usw1-az3"},
		"ap-northeast-1": {"ap-northeast-1a=apne1-az4", "ap-northeast-1c=apne1-az1", "ap-northeast-1d=apne1-az2"},
	} {
		if got := zones(region, &ec2.DescribeAvailabilityZonesInput{}); !slices.Equal(got, want) {
			t.Errorf("%s: %v", region, got)
		}
	}
	if got := zones(here, &ec2.DescribeAvailabilityZonesInput{ZoneIds: []string{"use1-az4"}}); !slices.Equal(got, []string{"us-east-1c=use1-az4"}) {
		t.Errorf("by id: %v", got)
	}
	if got := zones(here, &ec2.DescribeAvailabilityZonesInput{Filters: []types.Filter{filter("zone-id", "use1-az5")}, ZoneNames: []string{"us-east-1f", "us-east-1a"}}); len(got) != 1 {
		t.Errorf("by name and filter: %v", got)
	}
	_, err := c.home.DescribeAvailabilityZones(t.Context(), &ec2.DescribeAvailabilityZonesInput{ZoneNames: []string{"us-east-1z"}})
	refused(t, err, badRequest, "InvalidParameterValue", "Invalid availability zone: [us-east-1z]")
	subnets, err := c.home.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
	if got := must(t, subnets, err).Subnets; len(got) != 6 || *got[2].AvailabilityZoneId != "use1-az4" {
		t.Errorf("want a default subnet in every zone, got %d", len(got))
	}
}
