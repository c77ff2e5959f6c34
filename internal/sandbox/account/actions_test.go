package account_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func TestOptIn(t *testing.T) {
	t.Parallel()
	const region = "eu-south-2"
	s := sandboxtest.Start(t, sandbox.Options{})
	c := account.NewFromConfig(s.Config(sandboxtest.Home, "us-east-1"))
	status := func() types.RegionOptStatus {
		out, err := c.GetRegionOptStatus(t.Context(), &account.GetRegionOptStatusInput{RegionName: aws.String(region)})
		if err != nil {
			t.Fatal(err)
		}
		return out.RegionOptStatus
	}
	images := func(account string) error {
		_, err := s.EC2(account, region).DescribeImages(t.Context(), &ec2.DescribeImagesInput{})
		return err
	}
	if got := status(); got != types.RegionOptStatusDisabled || images(sandboxtest.Home) == nil {
		t.Errorf("at first: %s", got)
	}
	if _, err := c.EnableRegion(t.Context(), &account.EnableRegionInput{RegionName: aws.String(region)}); err != nil {
		t.Fatal(err)
	}
	if got := status(); got != types.RegionOptStatusEnabled {
		t.Errorf("enabled: %s", got)
	}
	if err := images(sandboxtest.Home); err != nil {
		t.Errorf("in the enabled Region: %v", err)
	}
	if images(sandboxtest.Partner) == nil {
		t.Error("another account has the Region too")
	}
	regions, err := s.EC2(sandboxtest.Home, "us-east-1").DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{RegionNames: []string{region}})
	if err != nil || *regions.Regions[0].OptInStatus != "opted-in" {
		t.Errorf("EC2 says: %+v, %v", regions, err)
	}
	list, err := c.ListRegions(t.Context(), &account.ListRegionsInput{RegionOptStatusContains: []types.RegionOptStatus{types.RegionOptStatusEnabled, types.RegionOptStatusEnabledByDefault}})
	if err != nil || len(list.Regions) != 18 {
		t.Errorf("enabled Regions: %v, %v", list, err)
	}
	if _, err := c.DisableRegion(t.Context(), &account.DisableRegionInput{RegionName: aws.String(region)}); err != nil || images(sandboxtest.Home) == nil {
		t.Errorf("disabled: %v", err)
	}
	var bad *types.ValidationException
	if _, err := c.EnableRegion(t.Context(), &account.EnableRegionInput{RegionName: aws.String("us-east-1")}); !errors.As(err, &bad) {
		t.Errorf("a Region that needs no opt-in: %v", err)
	}
}

func TestRegionsComeInPages(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	c := account.NewFromConfig(s.Config(sandboxtest.Home, "us-east-1"))
	seen := map[string]bool{}
	for pages := account.NewListRegionsPaginator(c, &account.ListRegionsInput{MaxResults: aws.Int32(10)}); pages.HasMorePages(); {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range out.Regions {
			seen[*r.RegionName] = true
		}
	}
	if len(seen) != 34 {
		t.Errorf("%d Regions in all pages", len(seen))
	}
	for _, bad := range []account.ListRegionsInput{{MaxResults: aws.Int32(51)}, {NextToken: aws.String("nonsense!")}} {
		if _, err := c.ListRegions(t.Context(), &bad); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
}
