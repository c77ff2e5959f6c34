package ec2_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func TestCreateImageTakesTheDiskAndBecomesAvailable(t *testing.T) {
	t.Parallel()
	c := start(t, slow)
	c.guests.gate = make(chan struct{})
	id := c.launch(types.BlockDeviceMapping{DeviceName: aws.String("/dev/sdb"), Ebs: &types.EbsBlockDevice{VolumeSize: aws.Int32(20), VolumeType: types.VolumeTypeGp3}})
	made, err := c.home.CreateImage(t.Context(), &ec2.CreateImageInput{
		InstanceId: aws.String(id), Name: aws.String("web-1"), Description: aws.String("a web server"),
		TagSpecifications: []types.TagSpecification{
			{ResourceType: types.ResourceTypeImage, Tags: []types.Tag{{Key: aws.String("of"), Value: aws.String("image")}}},
			{ResourceType: types.ResourceTypeSnapshot, Tags: []types.Tag{{Key: aws.String("of"), Value: aws.String("snapshot")}}},
		},
	})
	imageID := *must(t, made, err).ImageId
	pending := c.image(c.home, imageID)
	if pending.State != types.ImageStatePending || pending.BlockDeviceMappings[0].Ebs.SnapshotId != nil || len(pending.BlockDeviceMappings) != 2 {
		t.Fatalf("want a pending image without snapshot ids, got %s %+v", pending.State, pending.BlockDeviceMappings[0].Ebs)
	}
	close(c.guests.gate)
	c.until("the guest's restart", func() bool { return strings.HasSuffix(c.guests.log(), "stop commit start") })
	c.clock.Pass(time.Minute) // the data volume needs 260 s
	if s := c.image(c.home, imageID).State; s != types.ImageStatePending {
		t.Fatalf("after a minute the image is %s", s)
	}
	c.clock.Pass(4 * time.Minute)
	image := c.image(c.home, imageID)
	vendor := c.vendor(c.home)
	switch {
	case image.State != types.ImageStateAvailable:
		t.Fatalf("the image is %s", image.State)
	case aws.ToString(image.SourceInstanceId) != id, aws.ToString(image.SourceImageId) != *vendor.ImageId, aws.ToString(image.SourceImageRegion) != here:
		t.Errorf("wrong ancestry: %s %s", aws.ToString(image.SourceInstanceId), aws.ToString(image.SourceImageId))
	case image.Architecture != vendor.Architecture, image.ImdsSupport != types.ImdsSupportValuesV20, !aws.ToBool(image.EnaSupport), image.BootMode != vendor.BootMode:
		t.Errorf("the image has other properties than its source: %+v", image)
	case len(image.Tags) != 1 || *image.Tags[0].Value != "image":
		t.Errorf("wrong tags: %v", image.Tags)
	case *image.PlatformDetails != "Linux/UNIX", *image.UsageOperation != "RunInstances", image.RootDeviceType != types.DeviceTypeEbs, image.Public == nil || *image.Public:
		t.Errorf("wrong fields: %+v", image)
	}
	root := c.snapshot(c.home, *image.BlockDeviceMappings[0].Ebs.SnapshotId)
	if root.State != types.SnapshotStateCompleted || *root.VolumeSize != 8 || *root.Tags[0].Value != "snapshot" || *root.Progress != "100%" {
		t.Errorf("wrong root snapshot: %+v", root)
	}
	if want := "Created by CreateImage(" + id + ") for " + imageID; *root.Description != want {
		t.Errorf("want description %q, got %q", want, *root.Description)
	}
	if *image.BlockDeviceMappings[1].DeviceName != "/dev/sdb" || *image.BlockDeviceMappings[1].Ebs.VolumeSize != 20 {
		t.Errorf("wrong data device: %+v", image.BlockDeviceMappings[1])
	}
}

func TestCreateImageNoRebootLeavesTheGuestAlone(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	c.build("live", func(in *ec2.CreateImageInput) { in.NoReboot = aws.Bool(true) })
	if got := c.guests.log(); got != "start commit" {
		t.Errorf("the guest was asked to %s", got)
	}
}

func TestCreateImageFailsWhenTheDiskCannotBeTaken(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	c.guests.refuses = errors.New("no space left on device")
	image := c.image(c.home, c.build("broken"))
	if image.State != types.ImageStateFailed || aws.ToString(image.StateReason.Code) != "Server.InternalError" ||
		!strings.Contains(*image.StateReason.Message, "no space left on device") {
		t.Errorf("want a failed image with its reason, got %s %+v", image.State, image.StateReason)
	}
	snapshot := c.snapshot(c.home, *image.BlockDeviceMappings[0].Ebs.SnapshotId)
	if snapshot.State != types.SnapshotStateError {
		t.Errorf("the snapshot is %s", snapshot.State)
	}
	c.guests.refuses = nil
	c.build("broken") // a failed image does not keep its name
}

func TestCreateImageRefusals(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	taken := c.build("taken")
	id := c.launch()
	for _, test := range map[string]struct {
		in            ec2.CreateImageInput
		code, message string
	}{
		"duplicate": {ec2.CreateImageInput{Name: aws.String("taken")}, "InvalidAMIName.Duplicate", "AMI name taken is already in use by AMI " + taken},
		"short":     {ec2.CreateImageInput{Name: aws.String("ab")}, "InvalidAMIName.Malformed", "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'"},
		"colon":     {ec2.CreateImageInput{Name: aws.String("a:b:c")}, "InvalidAMIName.Malformed", "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'"},
		"no such instance": {
			ec2.CreateImageInput{Name: aws.String("fine"), InstanceId: aws.String("i-0123456789abcdef0")},
			"InvalidInstanceID.NotFound", "The instance ID 'i-0123456789abcdef0' does not exist",
		},
		"encrypted flag": {
			ec2.CreateImageInput{Name: aws.String("fine"), BlockDeviceMappings: []types.BlockDeviceMapping{encryptedRoot("")}},
			"InvalidBlockDeviceMapping", "the encrypted flag cannot be specified since device /dev/xvda has a snapshot specified.",
		},
		"tags of a volume": {
			ec2.CreateImageInput{Name: aws.String("fine"), TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeVolume}}},
			"InvalidParameterValue", "'volume' is not a valid taggable resource type for this operation.",
		},
	} {
		if test.in.InstanceId == nil {
			test.in.InstanceId = aws.String(id)
		}
		_, err := c.home.CreateImage(t.Context(), &test.in)
		refused(t, err, badRequest, test.code, test.message)
	}
	_, err := c.home.CreateImage(t.Context(), &ec2.CreateImageInput{Name: aws.String("dry"), InstanceId: aws.String(id), DryRun: aws.Bool(true)})
	refused(t, err, 412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
	_, err = c.home.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}})
	must(t, 0, err)
	_, err = c.home.CreateImage(t.Context(), &ec2.CreateImageInput{Name: aws.String("late"), InstanceId: aws.String(id)})
	refused(t, err, badRequest, "InvalidParameterValue", "Instance is not in state 'running' or 'stopped'")
}

func TestDescribeImagesSeesWhatTheCallerMay(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.build("mine")
	_, err := c.partner.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{"ami-0123456789abcdef0"}})
	refused(t, err, badRequest, "InvalidAMIID.NotFound", "The image id '[ami-0123456789abcdef0]' does not exist")
	_, err = c.partner.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{"ami-nonsense"}})
	refused(t, err, badRequest, "InvalidAMIID.Malformed", `Invalid id: "ami-nonsense"`)
	if out := c.images(c.partner, &ec2.DescribeImagesInput{ImageIds: []string{id}}); len(out) != 0 {
		t.Error("a stranger sees the image")
	}
	share(t, c, id, types.LaunchPermission{UserId: aws.String("111122223333")})
	_, err = c.home.CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{id}, Tags: []types.Tag{
		{Key: aws.String("secret"), Value: aws.String("1")}, {Key: aws.String("ec2:SharedTag/team"), Value: aws.String("web")},
	}})
	must(t, 0, err)
	seen := c.image(c.partner, id)
	if len(seen.Tags) != 1 || *seen.Tags[0].Key != "ec2:SharedTag/team" {
		t.Errorf("the partner sees the tags %v", seen.Tags)
	}
	count := func(client *ec2.Client, in *ec2.DescribeImagesInput) int {
		return len(c.images(client, in))
	}
	if n := count(c.partner, &ec2.DescribeImagesInput{ExecutableUsers: []string{"self"}}); n != 1 {
		t.Errorf("the partner may execute %d images by name", n)
	}
	if n := count(c.home, &ec2.DescribeImagesInput{Owners: []string{"self"}}); n != 1 {
		t.Errorf("own images: %d", n)
	}
	if n := count(c.home, &ec2.DescribeImagesInput{Owners: []string{"self"}, ExecutableUsers: []string{"all"}}); n != 0 {
		t.Errorf("own public images: %d", n)
	}
}

func TestDescribeImagesFilters(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.build("web-7", func(in *ec2.CreateImageInput) { in.Description = aws.String("seven") })
	image := c.image(c.home, id)
	snapshot := *image.BlockDeviceMappings[0].Ebs.SnapshotId
	for _, f := range []struct{ name, yes, no string }{
		{"image-id", id, "ami-0123456789abcdef0"},
		{"name", "web-?", "db-*"},
		{"state", "available", "pending"},
		{"owner-id", "123456789012", "1"},
		{"architecture", "x86_64", "arm64"},
		{"root-device-type", "ebs", "instance-store"},
		{"root-device-name", "/dev/xvda", "/dev/sda1"},
		{"virtualization-type", "hvm", "paravirtual"},
		{"is-public", "false", "true"},
		{"description", "seven", "eight"},
		{"hypervisor", "xen", "ovm"},
		{"image-type", "machine", "kernel"},
		{"ena-support", "true", "false"},
		{"sriov-net-support", "simple", "none"},
		{"block-device-mapping.device-name", "/dev/xvda", "/dev/sdb"},
		{"block-device-mapping.snapshot-id", snapshot, "snap-1"},
		{"block-device-mapping.volume-size", "8", "9"},
		{"block-device-mapping.volume-type", "gp3", "io1"},
		{"block-device-mapping.encrypted", "false", "true"},
		{"block-device-mapping.delete-on-termination", "true", "false"},
		{"source-image-id", *image.SourceImageId, "ami-1"},
		{"source-image-region", here, there},
		{"source-instance-id", *image.SourceInstanceId, "i-1"},
		{"creation-date", "2026-11-21T06:*", "2025-*"},
	} {
		for value, want := range map[string]int{f.yes: 1, f.no: 0} {
			out := c.images(c.home, &ec2.DescribeImagesInput{Owners: []string{"self"}, Filters: []types.Filter{filter(f.name, value)}})
			if len(out) != want {
				t.Errorf("filter %s=%s: want %d images, got %d", f.name, value, want, len(out))
			}
		}
	}
	for _, empty := range []types.Filter{filter("platform", "windows"), filter("owner-alias", "amazon"), filter("tag-key", "a"), filter("tag:a", "b"), filter("state-reason-code", "*")} {
		if out := c.images(c.home, &ec2.DescribeImagesInput{Owners: []string{"self"}, Filters: []types.Filter{empty}}); len(out) != 0 {
			t.Errorf("filter %s matches", *empty.Name)
		}
	}
	_, err := c.home.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Filters: []types.Filter{filter("colour", "red")}})
	refused(t, err, badRequest, "InvalidParameterValue", "The filter 'colour' is invalid")
}

func TestDescribeImagesPages(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	var ids []string
	pages := ec2.NewDescribeImagesPaginator(c.home, &ec2.DescribeImagesInput{MaxResults: aws.Int32(5)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		for _, image := range must(t, page, err).Images {
			ids = append(ids, *image.ImageId)
		}
	}
	all := c.images(c.home, &ec2.DescribeImagesInput{})
	if len(ids) != len(all) || len(ids) <= 10 || !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Errorf("want the %d vendor images of the Region once each over three pages, got %v", len(all), ids)
	}
	_, err := c.home.DescribeImages(t.Context(), &ec2.DescribeImagesInput{MaxResults: aws.Int32(1)})
	refused(t, err, badRequest, "InvalidParameterValue", "Invalid value '1' for maxResults. Expecting a value greater than 5.")
	_, err = c.home.DescribeImages(t.Context(), &ec2.DescribeImagesInput{MaxResults: aws.Int32(5), ImageIds: ids[:1]})
	refused(t, err, badRequest, "InvalidParameterCombination", "The parameter imageIdsSet cannot be used with the parameter maxResults")
}

func share(t *testing.T, c *cloud, id string, who ...types.LaunchPermission) {
	t.Helper()
	_, err := c.home.ModifyImageAttribute(t.Context(), &ec2.ModifyImageAttributeInput{
		ImageId: aws.String(id), LaunchPermission: &types.LaunchPermissionModifications{Add: who},
	})
	must(t, 0, err)
}
