//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// TestCopiesSayThatTheyAreSealed builds, seals and distributes an image of no family,
// and reads the tags of it, of its copies, and of the snapshots of all of them.
func TestCopiesSayThatTheyAreSealed(t *testing.T) {
	e := startEndpoint(t, "instant")
	e.makeKeys(t, ireland, tokyo)
	output := e.mustBuild(t, "test/e2e/testdata/sealed-distributed.pkr.hcl")
	told := map[string]string{}
	for _, region := range regions {
		found, err := e.ec2(region).DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{e.onlyImage(t, region, output)}})
		if err != nil {
			t.Fatal(err)
		}
		image := found.Images[0]
		told[region] = sealOf(image.Tags)
		for _, device := range image.BlockDeviceMappings {
			snapshots, err := e.ec2(region).DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{aws.ToString(device.Ebs.SnapshotId)}})
			if err != nil {
				t.Fatal(err)
			}
			if got := sealOf(snapshots.Snapshots[0].Tags); got != told[region] {
				t.Errorf("in %s the image says %q, its snapshot %q", region, told[region], got)
			}
		}
	}
	if want := told[home]; !strings.HasPrefix(want, "seal operations=") || told[ireland] != want || told[tokyo] != want {
		t.Errorf("the images say %q\n%s", told, output)
	}
}

// sealOf gives what tags say of the seal.
func sealOf(tags []types.Tag) string {
	for _, tag := range tags {
		if aws.ToString(tag.Key) == "goldenami:seal" {
			return aws.ToString(tag.Value)
		}
	}
	return ""
}
