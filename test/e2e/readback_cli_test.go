//go:build e2e

package e2e

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// readBackByCLI reads the main things with the AWS CLI, as a user would, and
// compares them with what the SDK for Go sees.
func (c *conformance) readBackByCLI(t *testing.T) {
	t.Helper()
	api := c.ec2(home)
	images, err := api.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"self"}})
	if err != nil {
		t.Fatal(err)
	}
	snapshots, err := api.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}})
	if err != nil {
		t.Fatal(err)
	}
	var imageIDs, snapshotIDs []string
	for _, i := range images.Images {
		imageIDs = append(imageIDs, aws.ToString(i.ImageId))
	}
	for _, s := range snapshots.Snapshots {
		snapshotIDs = append(snapshotIDs, aws.ToString(s.SnapshotId))
	}
	keyID := c.keys[home]
	for name, tc := range map[string]struct {
		args []string
		want []string
	}{
		"images":    {[]string{"ec2", "describe-images", "--owners", "self", "--query", "Images[].ImageId"}, imageIDs},
		"snapshots": {[]string{"ec2", "describe-snapshots", "--owner-ids", "self", "--query", "Snapshots[].SnapshotId"}, snapshotIDs},
		"instances": {[]string{"ec2", "describe-instances", "--filters", "Name=tag-key,Values=live", "--query", "sort(Reservations[].Instances[].State.Name)"}, []string{"running", "stopped", "terminated"}},
		"sharing": {[]string{
			"ec2", "describe-image-attribute", "--image-id", aws.ToString(c.image(t, home, "encrypted_keys").ImageId), "--attribute", "launchPermission", "--query", "LaunchPermissions[].UserId",
		}, []string{partner}},
		"tags":      {[]string{"ec2", "describe-images", "--owners", "self", "--filters", "Name=tag:Release,Values=Lat*", "--query", "Images[].Name"}, []string{"tags"}},
		"key":       {[]string{"kms", "describe-key", "--key-id", "alias/golden", "--query", "[KeyMetadata.Arn]"}, []string{keyID}},
		"grants":    {[]string{"kms", "list-grants", "--key-id", keyID, "--query", "Grants[].Name"}, []string{"live"}},
		"caller":    {[]string{"sts", "get-caller-identity", "--query", "[Account]"}, []string{"123456789012"}},
		"profile":   {[]string{"iam", "get-instance-profile", "--instance-profile-name", "conformance", "--query", "InstanceProfile.Roles[].RoleName"}, []string{"conformance"}},
		"parameter": {[]string{"ssm", "get-parameter", "--region", oregon, "--name", "/conformance/secret", "--with-decryption", "--query", "[Parameter.Value]"}, []string{"hidden"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			c.cli(t, &got, home, tc.args...)
			if !slices.Equal(got, tc.want) {
				t.Errorf("aws %q: %q, want %q", tc.args, got, tc.want)
			}
		})
	}
}
