package ami_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/sync/errgroup"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

// TestFindReadsAllPagesOfALargeAccount makes more images than a page holds, in no
// order, of which every seventh is fit.
func TestFindReadsAllPagesOfALargeAccount(t *testing.T) {
	t.Parallel()
	const region, all = "eu-west-1", 1100
	s := sandboxtest.Start(t, sandbox.Options{})
	api, now := s.EC2(sandboxtest.Home, region), time.Now().UTC().Truncate(time.Second)
	snapshot := anySnapshot(t, api, region)
	fit, made := make([]string, all), errgroup.Group{}
	made.SetLimit(8)
	for i := range all {
		made.Go(func() error {
			meta := ami.Meta{
				Family: "web", Tier: ami.OSOnly, State: ami.Good, BuiltAt: now, ExpiresAt: now.Add(time.Hour),
				Version: ami.NewVersion(now.Add(time.Duration(i*7919%all) * time.Minute)),
			}
			if i%7 == 0 {
				fit[i] = meta.Version
			} else {
				unfit(&meta, i)
			}
			_, err := api.RegisterImage(t.Context(), &ec2.RegisterImageInput{
				Name: aws.String(fmt.Sprintf("n-%04d", i)), Architecture: types.ArchitectureValuesX8664, RootDeviceName: aws.String("/dev/xvda"),
				VirtualizationType:  aws.String("hvm"),
				BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{SnapshotId: snapshot}}},
				TagSpecifications:   []types.TagSpecification{{ResourceType: types.ResourceTypeImage, Tags: ami.EC2Tags(meta.Tags())}},
			})
			return err
		})
	}
	if err := made.Wait(); err != nil {
		t.Fatal(err)
	}
	before := len(s.Calls())
	found, err := ami.Find(t.Context(), api, region, ami.Query{Family: "web", Architecture: "x86_64", States: ami.States(), IncludeExpired: true})
	if err != nil || len(found) < all*6/7 {
		t.Fatalf("%d images, %v", len(found), err)
	}
	if pages := len(s.Calls()) - before; pages < 2 {
		t.Errorf("%d pages were read", pages)
	}
	found, err = ami.Find(t.Context(), api, region, ami.Query{Family: "web", Tier: ami.OSOnly, Architecture: "x86_64"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, image := range found {
		got = append(got, image.Version)
	}
	want := slices.DeleteFunc(fit, func(v string) bool { return v == "" })
	slices.Sort(want)
	slices.Reverse(want)
	if !slices.Equal(got, want) {
		t.Errorf("found %d images in that order, not %d", len(got), len(want))
	}
}

func unfit(meta *ami.Meta, i int) {
	switch i % 7 {
	case 1:
		meta.State = ami.Revoked
	case 2:
		meta.State = ami.Bad
	case 3:
		meta.ExpiresAt = meta.BuiltAt.Add(-time.Hour)
	case 4:
		meta.Tier = ami.Full
	case 5:
		meta.State = ami.Building
	case 6:
		meta.Version = "not-a-version"
	}
}

// anySnapshot copies a vendor's image, for a snapshot of this account.
func anySnapshot(t *testing.T, api *ec2.Client, region string) *string {
	t.Helper()
	vendor, err := api.DescribeImages(t.Context(), &ec2.DescribeImagesInput{
		Owners: []string{"136693071363"}, Filters: []types.Filter{{Name: aws.String("name"), Values: []string{"debian-12-amd64-*"}}},
	})
	if err != nil || len(vendor.Images) == 0 {
		t.Fatalf("the vendor's image: %v, %v", vendor, err)
	}
	if _, err := api.CopyImage(t.Context(), &ec2.CopyImageInput{Name: aws.String("seed"), SourceImageId: vendor.Images[0].ImageId, SourceRegion: &region}); err != nil {
		t.Fatal(err)
	}
	waiter := ec2.NewSnapshotCompletedWaiter(api, func(o *ec2.SnapshotCompletedWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, 10*time.Millisecond
	})
	own := &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}}
	if err := waiter.Wait(t.Context(), own, time.Minute); err != nil {
		t.Fatal(err)
	}
	out, err := api.DescribeSnapshots(t.Context(), own)
	if err != nil || len(out.Snapshots) == 0 {
		t.Fatalf("snapshots: %v, %v", out, err)
	}
	return out.Snapshots[0].SnapshotId
}
