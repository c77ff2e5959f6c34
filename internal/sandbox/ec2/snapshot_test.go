package ec2_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func (c *cloud) copySnapshot(id string, change ...func(*ec2.CopySnapshotInput)) (string, error) {
	in := &ec2.CopySnapshotInput{SourceRegion: aws.String(here), SourceSnapshotId: aws.String(id)}
	for _, f := range change {
		f(in)
	}
	out, err := c.abroad.CopySnapshot(c.t.Context(), in)
	if err != nil {
		return "", err
	}
	return *out.SnapshotId, nil
}

func TestCopySnapshotTellsNothingOfItselfAtFirst(t *testing.T) {
	t.Parallel()
	c := start(t, slow)
	image := c.build("source")
	c.clock.Pass(time.Hour)
	source := c.rootSnapshot(c.home, image)
	key := c.key(sandboxtest.Home, there)
	id, err := c.copySnapshot(source, func(in *ec2.CopySnapshotInput) { in.Encrypted, in.KmsKeyId = aws.Bool(true), aws.String(key) })
	must(t, 0, err)
	s := c.snapshot(c.abroad, id)
	if s.State != types.SnapshotStatePending || *s.StateMessage != "Metadata not updated" || *s.VolumeSize != 0 || *s.Encrypted || *s.Progress != "0%" || *s.VolumeId != "vol-ffffffff" {
		t.Errorf("want an empty description at first, got %+v", s)
	}
	c.clock.Pass(70 * time.Second) // half of 140 s
	s = c.snapshot(c.abroad, id)
	if s.State != types.SnapshotStatePending || *s.Progress != "50%" || *s.VolumeSize != 8 || !*s.Encrypted || s.StateMessage != nil {
		t.Errorf("want half a copy, got %+v", s)
	}
	c.clock.Pass(time.Minute + 10*time.Second)
	s = c.snapshot(c.abroad, id)
	if s.State != types.SnapshotStateCompleted || *s.KmsKeyId != key || *s.FullSnapshotSizeInBytes == 0 || s.CompletionTime == nil {
		t.Errorf("want a finished copy, got %+v", s)
	}
	if again, err := c.copySnapshot(source); must(t, again, err) == id {
		t.Error("the same call twice gives one copy")
	}
}

func TestCopySnapshotFailsLater(t *testing.T) {
	t.Parallel()
	c := start(t, slow)
	image := c.build("source")
	var pending string
	c.World().Do(func() { pending = c.World().KnownImage(here, image).RootSnapshot() })
	foreign := c.key(sandboxtest.Partner, there)
	encrypt := func(key string) func(*ec2.CopySnapshotInput) {
		return func(in *ec2.CopySnapshotInput) { in.Encrypted, in.KmsKeyId = aws.Bool(true), aws.String(key) }
	}
	unfinished, err := c.copySnapshot(pending)
	must(t, 0, err)
	c.clock.Pass(time.Hour)
	for message, call := range map[string]func() (string, error){
		"Source snapshot is not found.":   func() (string, error) { return c.copySnapshot("snap-0123456789abcdef0") },
		"Source snapshot is not complete": func() (string, error) { return unfinished, nil },
		"Given key ID is not accessible":  func() (string, error) { return c.copySnapshot(pending, encrypt(foreign)) },
	} {
		id, err := call()
		must(t, 0, err)
		c.clock.Pass(time.Hour)
		if s := c.snapshot(c.abroad, id); s.State != types.SnapshotStateError || *s.StateMessage != message {
			t.Errorf("want error %q, got %s %q", message, s.State, aws.ToString(s.StateMessage))
		}
	}
	disabled := c.key(sandboxtest.Home, there)
	_, err = c.KMS(sandboxtest.Home, there).DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: aws.String(disabled)})
	must(t, 0, err)
	_, err = c.copySnapshot(pending, encrypt(disabled))
	refused(t, err, badRequest, "InvalidParameterValue", "The specified keyId "+disabled+" is disabled")
	_, err = c.copySnapshot(pending, encrypt("no key"))
	refused(t, err, badRequest, "InvalidParameterValue", "The specified keyId no key is invalid")
}

func TestCopySnapshotLimit(t *testing.T) {
	t.Parallel()
	c := start(t, slow)
	image := c.build("source")
	c.clock.Pass(time.Hour)
	source := c.rootSnapshot(c.home, image)
	for range 20 {
		_, err := c.copySnapshot(source)
		must(t, 0, err)
	}
	_, err := c.copySnapshot(source)
	refused(t, err, badRequest, "ResourceLimitExceeded", "Too many snapshot copies in progress. The limit is 20 for this destination region.")
}

// The SDK refuses a call without a source Region itself, so this one is made by hand.
func TestCopySnapshotWithoutSourceRegionIsAServerError(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	status, body := c.raw("Action=CopySnapshot&Version=2016-11-15&SourceSnapshotId=snap-0123456789abcdef0")
	want := "<Code>InternalError</Code><Message>An internal error has occurred</Message>"
	if status != http.StatusInternalServerError || !contains(body, want) {
		t.Errorf("got %d %s", status, body)
	}
}

func TestDeleteSnapshot(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	image := c.build("source")
	id := c.rootSnapshot(c.home, image)
	remove := func(client *ec2.Client, id string) error {
		_, err := client.DeleteSnapshot(t.Context(), &ec2.DeleteSnapshotInput{SnapshotId: aws.String(id)})
		return err
	}
	refused(t, remove(c.home, id), badRequest, "InvalidSnapshot.InUse", "The snapshot "+id+" is currently in use by "+image)
	refused(t, remove(c.partner, id), badRequest, "InvalidSnapshot.NotFound", "The snapshot '"+id+"' does not exist.")
	refused(t, remove(c.home, "snapshot"), badRequest, "InvalidParameterValue", "Value (snapshot) for parameter snapshotId is invalid. Expected: 'snap-...'.")
	_, err := c.home.DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: aws.String(image)})
	must(t, 0, err)
	if c.guests.held() != 1 {
		t.Error("the disk is gone before its snapshot is")
	}
	must(t, 0, remove(c.home, id))
	refused(t, remove(c.home, id), badRequest, "InvalidSnapshot.NotFound", "The snapshot '"+id+"' does not exist.")
	c.until("the disk's end", func() bool { return c.guests.held() == 0 })
}

func TestCreateSnapshotOfARootVolumeTakesTheDisk(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.launch()
	volumes, err := c.home.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{Filters: []types.Filter{filter("attachment.instance-id", id)}})
	volume := must(t, volumes, err).Volumes[0]
	made, err := c.home.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: volume.VolumeId, Description: aws.String("by hand")})
	snapshot := *must(t, made, err).SnapshotId
	c.until("the snapshot", func() bool { return c.snapshot(c.home, snapshot).State == types.SnapshotStateCompleted })
	if c.guests.held() != 1 {
		t.Error("no disk was taken")
	}
	registered, err := c.home.RegisterImage(t.Context(), &ec2.RegisterImageInput{
		Name: aws.String("registered"), RootDeviceName: aws.String("/dev/xvda"), Architecture: types.ArchitectureValuesX8664, VirtualizationType: aws.String("hvm"),
		BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{SnapshotId: aws.String(snapshot), VolumeType: types.VolumeTypeGp3}}},
	})
	image := c.image(c.home, *must(t, registered, err).ImageId)
	if image.State != types.ImageStateAvailable || *image.PlatformDetails != "Linux/UNIX" || image.SourceImageId != nil || *image.BlockDeviceMappings[0].Ebs.VolumeSize != 8 {
		t.Errorf("wrong registered image: %+v", image)
	}
}

func TestRegisterImageDerivesThePlatformAndRefuses(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	source := c.build("windows")
	snapshot := c.rootSnapshot(c.home, source)
	c.World().Do(func() {
		s := c.World().FindSnapshot(here, snapshot)
		s.Platform, s.PlatformDetails, s.UsageOperation = "windows", "Windows", "RunInstances:0002"
	})
	register := func(name, root string, e types.EbsBlockDevice) (string, error) {
		out, err := c.home.RegisterImage(t.Context(), &ec2.RegisterImageInput{
			Name: aws.String(name), RootDeviceName: aws.String(root),
			BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/xvda"), Ebs: &e}},
		})
		if err != nil {
			return "", err
		}
		return *out.ImageId, nil
	}
	id, err := register("derived", "/dev/xvda", types.EbsBlockDevice{SnapshotId: aws.String(snapshot)})
	image := c.image(c.home, must(t, id, err))
	if image.Platform != "windows" || *image.UsageOperation != "RunInstances:0002" || image.Architecture != types.ArchitectureValuesI386 || image.VirtualizationType != types.VirtualizationTypeParavirtual {
		t.Errorf("wrong derived image: %s %s %s", image.Platform, *image.UsageOperation, image.Architecture)
	}
	_, err = register("derived", "/dev/xvda", types.EbsBlockDevice{SnapshotId: aws.String(snapshot)})
	refused(t, err, badRequest, "InvalidAMIName.Duplicate", "AMI name derived is already in use by AMI "+id)
	_, err = register("absent", "/dev/xvda", types.EbsBlockDevice{SnapshotId: aws.String("snap-0123456789abcdef0")})
	refused(t, err, badRequest, "InvalidSnapshotID.NotFound", "The snapshot ID 'snap-0123456789abcdef0' does not exist")
	_, err = register("rootless", "/dev/sda1", types.EbsBlockDevice{SnapshotId: aws.String(snapshot)})
	refused(t, err, badRequest, "InvalidBlockDeviceMapping", "No root snapshot specified in device mapping.")
	_, err = register("flagged", "/dev/xvda", types.EbsBlockDevice{SnapshotId: aws.String(snapshot), Encrypted: aws.Bool(true)})
	refused(t, err, badRequest, "InvalidParameter", "Parameter encrypted is invalid. You cannot specify the encrypted flag if specifying a snapshot id in a block device mapping.")
}

func TestDescribeSnapshotsOwnersAndSharing(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.rootSnapshot(c.home, c.build("source"))
	count := func(client *ec2.Client, in *ec2.DescribeSnapshotsInput) int {
		out, err := client.DescribeSnapshots(t.Context(), in)
		return len(must(t, out, err).Snapshots)
	}
	if n := count(c.home, &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}}); n != 1 {
		t.Errorf("own snapshots: %d", n)
	}
	if n := count(c.partner, &ec2.DescribeSnapshotsInput{OwnerIds: []string{sandboxtest.Home}}); n != 0 {
		t.Errorf("a stranger sees %d", n)
	}
	_, err := c.home.ModifySnapshotAttribute(t.Context(), &ec2.ModifySnapshotAttributeInput{
		SnapshotId:             aws.String(id),
		CreateVolumePermission: &types.CreateVolumePermissionModifications{Add: []types.CreateVolumePermission{{UserId: aws.String(sandboxtest.Partner)}}},
	})
	must(t, 0, err)
	if n := count(c.partner, &ec2.DescribeSnapshotsInput{OwnerIds: []string{sandboxtest.Home}, RestorableByUserIds: []string{"self"}, Filters: []types.Filter{filter("status", "completed"), filter("encrypted", "false"), filter("volume-size", "8")}}); n != 1 {
		t.Errorf("the partner sees %d", n)
	}
	_, err = c.partner.DeleteSnapshot(t.Context(), &ec2.DeleteSnapshotInput{SnapshotId: aws.String(id)})
	refused(t, err, badRequest, "AuthFailure", "Not authorized for snapshot:"+id)
	attribute, err := c.home.DescribeSnapshotAttribute(t.Context(), &ec2.DescribeSnapshotAttributeInput{SnapshotId: aws.String(id), Attribute: types.SnapshotAttributeNameCreateVolumePermission})
	if got := must(t, attribute, err).CreateVolumePermissions; len(got) != 1 || *got[0].UserId != sandboxtest.Partner {
		t.Errorf("permissions: %v", got)
	}
	_, err = c.home.ResetSnapshotAttribute(t.Context(), &ec2.ResetSnapshotAttributeInput{SnapshotId: aws.String(id), Attribute: types.SnapshotAttributeNameCreateVolumePermission})
	must(t, 0, err)
	if n := count(c.partner, &ec2.DescribeSnapshotsInput{OwnerIds: []string{sandboxtest.Home}}); n != 0 {
		t.Errorf("after the reset the partner sees %d", n)
	}
}
