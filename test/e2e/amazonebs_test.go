//go:build e2e

package e2e

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// TestAmazonEBS runs the peer's own plugin, unmodified, on the endpoint: what it
// needs of EC2 is what EC2 does. The AWS CLI reads back what it made.
func TestAmazonEBS(t *testing.T) {
	e := startEndpoint(t, "instant")
	keys := e.makeKeys(t, regions...)
	output := e.mustBuild(t, "test/e2e/testdata/amazon-ebs.pkr.hcl")

	for _, region := range regions {
		id := e.onlyImage(t, region, output)
		e.mustBeEncrypted(t, region, id, keys[region])
		e.mustBeShared(t, region, id)
		if !strings.Contains(output, region+": "+id) {
			t.Errorf("packer does not tell of %s in %s:\n%s", id, region, output)
		}
		e.readBack(t, region, id, keys[region])
	}
}

// TestDistributeForAmazonEBS keeps the peer's builder and adds our components.
func TestDistributeForAmazonEBS(t *testing.T) {
	e := startEndpoint(t, "instant")
	keys := e.makeKeys(t, ireland, tokyo)
	output := e.mustBuild(t, "test/e2e/testdata/amazon-ebs-distributed.pkr.hcl")
	for _, region := range regions {
		id := e.onlyImage(t, region, output)
		e.mustBeShared(t, region, id)
		if region != home {
			e.mustBeEncrypted(t, region, id, keys[region])
		}
	}
}

// onlyImage is the one image that the account has in the Region.
func (e *endpoint) onlyImage(t *testing.T, region, output string) string {
	t.Helper()
	found, err := e.ec2(region).DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"self"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Images) != 1 {
		t.Fatalf("%d images in %s, not 1\n%s", len(found.Images), region, output)
	}
	return aws.ToString(found.Images[0].ImageId)
}

// readBack compares what the AWS CLI shows of an image with what was asked for.
func (e *endpoint) readBack(t *testing.T, region, imageID, keyARN string) {
	t.Helper()
	var images struct {
		Images []struct {
			State               string
			Tags                []struct{ Key, Value string }
			BlockDeviceMappings []struct {
				Ebs struct {
					SnapshotID string `json:"SnapshotId"`
					Encrypted  bool
				}
			}
		}
	}
	e.cli(t, &images, region, "ec2", "describe-images", "--image-ids", imageID)
	if len(images.Images) != 1 || images.Images[0].State != "available" || len(images.Images[0].BlockDeviceMappings) == 0 {
		t.Fatalf("describe-images of %s in %s: %+v", imageID, region, images)
	}
	image := images.Images[0]
	if len(image.Tags) != 1 || image.Tags[0].Key != "team" || image.Tags[0].Value != "peer" {
		t.Errorf("tags of %s in %s: %v", imageID, region, image.Tags)
	}
	disk := image.BlockDeviceMappings[0].Ebs
	if !disk.Encrypted {
		t.Errorf("%s in %s is not encrypted", imageID, region)
	}
	var snapshots struct {
		Snapshots []struct {
			KmsKeyID string `json:"KmsKeyId"`
			Progress string
			Tags     []struct{ Key, Value string }
		}
	}
	e.cli(t, &snapshots, region, "ec2", "describe-snapshots", "--snapshot-ids", disk.SnapshotID)
	if len(snapshots.Snapshots) != 1 || snapshots.Snapshots[0].KmsKeyID != keyARN || snapshots.Snapshots[0].Progress != "100%" {
		t.Errorf("describe-snapshots of %s in %s: %+v", disk.SnapshotID, region, snapshots)
	}
	var launch struct {
		LaunchPermissions []struct {
			UserID string `json:"UserId"`
		}
	}
	e.cli(t, &launch, region, "ec2", "describe-image-attribute", "--image-id", imageID, "--attribute", "launchPermission")
	if len(launch.LaunchPermissions) != 1 || launch.LaunchPermissions[0].UserID != partner {
		t.Errorf("describe-image-attribute of %s in %s: %+v", imageID, region, launch)
	}
}

// cli runs the AWS CLI and reads its answer.
func (e *endpoint) cli(t *testing.T, answer any, region string, args ...string) {
	t.Helper()
	args = append([]string{"--region", region, "--output", "json"}, args...)
	cmd := exec.Command(built.aws, args...)
	cmd.Env = append(e.environ(), "AWS_PAGER=")
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("aws %q: %v\n%s", args, err, &problems)
	}
	if err := json.Unmarshal(out, answer); err != nil {
		t.Fatalf("aws %q: %v\n%s", args, err, out)
	}
}
