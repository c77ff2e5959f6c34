//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// copyGroups are about copies to other Regions and under other keys.
var copyGroups = []group{
	{name: "region_copy", check: func(t *testing.T, c *conformance, _ string) {
		for _, region := range []string{home, oregon} {
			i := c.image(t, region, "region_copy")
			mustBeDeprecated(t, c, i)
			mustHaveTags(t, "the image in "+region, i.Tags, map[string]string{"build_name": "build_name", "simple": "Simple String"})
			if aws.ToBool(c.snapshotsOf(t, region, i)[0].Encrypted) {
				t.Errorf("the snapshot in %s is encrypted", region)
			}
		}
	}},
	{name: "copy_tags", check: func(t *testing.T, c *conformance, _ string) {
		for _, region := range []string{home, california} {
			i := c.image(t, region, "copy_tags")
			want := map[string]string{"built_by": "ebs", "simple": "Simple String", "source": c.debian(t, home)}
			mustHaveTags(t, "the image in "+region, i.Tags, want)
			want["disk"] = "root"
			mustHaveTags(t, "the snapshot in "+region, c.snapshotsOf(t, region, i)[0].Tags, want)
		}
	}},
	{name: "time_based_copy", check: func(t *testing.T, c *conformance, _ string) {
		c.image(t, home, "time_based_copy")
		s := c.snapshotsOf(t, oregon, c.image(t, oregon, "time_based_copy"))[0]
		mustBeTimeBased(t, s)
	}},
	{name: "encrypted_boot", check: checkEncryptedBoot},
	{name: "encrypted_keys", check: checkEncryptedKeys},
	{name: "skip_build_region", check: func(t *testing.T, c *conformance, output string) {
		c.image(t, oregon, "skip_build_region")
		if kept := c.images(t, home, "skip_build_region"); len(kept) != 0 {
			t.Errorf("images in %s: %+v", home, kept)
		}
		if !strings.Contains(output, "Deregistering the AMI and deleting unencrypted temporary AMIs") {
			t.Errorf("packer does not tell of the intermediary image:\n%s", output)
		}
	}},
}

func mustBeTimeBased(t *testing.T, s types.Snapshot) {
	t.Helper()
	if s.TransferType != types.TransferTypeTimeBased || aws.ToInt32(s.CompletionDurationMinutes) != 15 {
		t.Errorf("the copy %s is %s, within %d minutes", aws.ToString(s.SnapshotId), s.TransferType, aws.ToInt32(s.CompletionDurationMinutes))
	}
}

func checkEncryptedBoot(t *testing.T, c *conformance, _ string) {
	for _, region := range []string{home, california} {
		i := c.image(t, region, "encrypted_boot")
		mustBeDeprecated(t, c, i)
		s := c.snapshotsOf(t, region, i)[0]
		mustBeTimeBased(t, s)
		if !aws.ToBool(i.BlockDeviceMappings[0].Ebs.Encrypted) || !strings.HasPrefix(aws.ToString(s.KmsKeyId), "arn:aws:kms:"+region+":123456789012:key/") {
			t.Errorf("in %s the device is %+v and its key %s", region, i.BlockDeviceMappings[0].Ebs, aws.ToString(s.KmsKeyId))
		}
	}
	_, err := c.ec2(home).ModifySnapshotAttribute(t.Context(), &ec2.ModifySnapshotAttributeInput{
		SnapshotId: c.snapshotsOf(t, home, c.image(t, home, "encrypted_boot"))[0].SnapshotId, Attribute: types.SnapshotAttributeNameCreateVolumePermission,
		OperationType: types.OperationTypeAdd, UserIds: []string{partner},
	})
	if err == nil {
		t.Error("a snapshot under the account's default key was shared")
	}
}

func checkEncryptedKeys(t *testing.T, c *conformance, _ string) {
	for _, region := range []string{home, ireland} {
		i := c.image(t, region, "encrypted_keys")
		s := c.snapshotsOf(t, region, i)[0]
		if aws.ToString(s.KmsKeyId) != c.keys[region] || !aws.ToBool(s.Encrypted) {
			t.Errorf("the key in %s is %s, not %s", region, aws.ToString(s.KmsKeyId), c.keys[region])
		}
		theirs := c.partnerEC2(t, region)
		found, err := theirs.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{*i.ImageId}})
		if err != nil || len(found.Images) != 1 {
			t.Errorf("the partner sees %+v in %s, %v", found, region, err)
		}
		if _, err := theirs.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{*s.SnapshotId}}); err != nil {
			t.Errorf("the partner does not see the snapshot in %s: %v", region, err)
		}
	}
}
