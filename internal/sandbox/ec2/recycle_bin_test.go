package ec2_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/rbin"
	rbintypes "github.com/aws/aws-sdk-go-v2/service/rbin/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// retain makes a retention rule of some days, for resources with a tag where one
// is named.
func (c *cloud) retain(kind rbintypes.ResourceType, days int32, tags ...rbintypes.ResourceTag) {
	c.t.Helper()
	_, err := rbin.NewFromConfig(c.Config(sandboxtest.Home, here)).CreateRule(c.t.Context(), &rbin.CreateRuleInput{
		ResourceType: kind, ResourceTags: tags,
		RetentionPeriod: &rbintypes.RetentionPeriod{RetentionPeriodValue: aws.Int32(days), RetentionPeriodUnit: rbintypes.RetentionPeriodUnitDays},
	})
	must(c.t, 0, err)
}

func (c *cloud) deregister(id string, snapshots bool) []types.SnapshotReturnCodes {
	c.t.Helper()
	out, err := c.home.DeregisterImage(c.t.Context(), &ec2.DeregisterImageInput{ImageId: aws.String(id), DeleteAssociatedSnapshots: aws.Bool(snapshots)})
	results := must(c.t, out, err).DeleteSnapshotResults
	codes := make([]types.SnapshotReturnCodes, 0, len(results))
	for _, r := range results {
		codes = append(codes, r.ReturnCode)
	}
	return codes
}

func TestRecycleBinKeepsImages(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	c.retain(rbintypes.ResourceTypeEc2Image, 2)
	id := c.build("kept", func(in *ec2.CreateImageInput) { in.Description = aws.String("a web server") })
	snapshot := c.rootSnapshot(c.home, id)
	share(t, c, id, types.LaunchPermission{UserId: aws.String(sandboxtest.Partner)})
	_, err := c.home.CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{id}, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}})
	must(t, 0, err)
	if codes := c.deregister(id, true); len(codes) != 1 || codes[0] != "skipped" {
		t.Errorf("the snapshot of a kept image: %v", codes)
	}
	if out := c.images(c.home, &ec2.DescribeImagesInput{ImageIds: []string{id}}); len(out) != 0 {
		t.Error("an image in the recycle bin is described")
	}
	list := func() []types.ImageRecycleBinInfo {
		out, err := c.home.ListImagesInRecycleBin(t.Context(), &ec2.ListImagesInRecycleBinInput{})
		return must(t, out, err).Images
	}
	if got := list(); len(got) != 1 || *got[0].ImageId != id || *got[0].Name != "kept" || *got[0].Description != "a web server" || got[0].RecycleBinExitTime.Sub(*got[0].RecycleBinEnterTime) != 48*time.Hour {
		t.Errorf("the recycle bin: %+v", got)
	}
	_, err = c.home.DeleteSnapshot(t.Context(), &ec2.DeleteSnapshotInput{SnapshotId: aws.String(snapshot)})
	refused(t, err, badRequest, "InvalidSnapshot.InUse", "The snapshot "+snapshot+" is currently in use by "+id)
	restore := func() error {
		_, err := c.home.RestoreImageFromRecycleBin(t.Context(), &ec2.RestoreImageFromRecycleBinInput{ImageId: aws.String(id)})
		return err
	}
	must(t, 0, restore())
	if image := c.image(c.home, id); image.State != types.ImageStateAvailable || len(image.Tags) != 1 {
		t.Errorf("restored: %s with %d tags", image.State, len(image.Tags))
	}
	c.image(c.partner, id)
	c.deregister(id, false)
	c.clock.Pass(48 * time.Hour)
	if got := list(); len(got) != 0 {
		t.Errorf("after two days: %+v", got)
	}
	refused(t, restore(), badRequest, "InvalidAMIID.NotFound", "The image id '["+id+"]' does not exist in the Recycle Bin")
}

func TestRecycleBinKeepsSnapshotsWithATag(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	c.retain(rbintypes.ResourceTypeEbsSnapshot, 1, rbintypes.ResourceTag{ResourceTagKey: aws.String("keep")})
	c.retain(rbintypes.ResourceTypeEbsSnapshot, 7, rbintypes.ResourceTag{ResourceTagKey: aws.String("keep"), ResourceTagValue: aws.String("long")})
	tagged := func(value string) func(*ec2.CreateImageInput) {
		return func(in *ec2.CreateImageInput) {
			in.TagSpecifications = []types.TagSpecification{{ResourceType: types.ResourceTypeSnapshot, Tags: []types.Tag{{Key: aws.String("keep"), Value: aws.String(value)}}}}
		}
	}
	for name, change := range map[string]func(*ec2.CreateImageInput){"short": tagged("short"), "long": tagged("long"), "none": func(*ec2.CreateImageInput) {}} {
		if codes := c.deregister(c.build(name, change), true); len(codes) != 1 || codes[0] != "success" {
			t.Errorf("%s: %v", name, codes)
		}
	}
	list := func() []types.SnapshotRecycleBinInfo {
		out, err := c.home.ListSnapshotsInRecycleBin(t.Context(), &ec2.ListSnapshotsInRecycleBinInput{})
		return must(t, out, err).Snapshots
	}
	if n := len(list()); n != 2 {
		t.Errorf("%d snapshots are kept", n)
	}
	if n := c.guests.held(); n != 2 {
		t.Errorf("%d disks are held", n)
	}
	c.clock.Pass(36 * time.Hour)
	kept := list()
	if len(kept) != 1 {
		t.Fatalf("after a day and a half %d snapshots are kept", len(kept))
	}
	restored, err := c.home.RestoreSnapshotFromRecycleBin(t.Context(), &ec2.RestoreSnapshotFromRecycleBinInput{SnapshotId: kept[0].SnapshotId})
	if got := must(t, restored, err); got.State != types.SnapshotStateCompleted || *got.VolumeSize != 8 {
		t.Errorf("restored: %+v", got)
	}
	if s := c.snapshot(c.home, *kept[0].SnapshotId); *s.Tags[0].Value != "long" {
		t.Errorf("the tags: %+v", s.Tags)
	}
	c.until("the disk of the other one is gone", func() bool { return c.guests.held() == 1 })
}
