package behaviour_test

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

// vendor is a public image of a vendor, by owner and name.
func (r *rig) vendor(owner, name string) types.Image {
	r.t.Helper()
	found := r.images(&ec2.DescribeImagesInput{
		Owners: []string{owner}, Filters: []types.Filter{{Name: aws.String("name"), Values: []string{name}}},
	})
	if len(found) == 0 {
		r.t.Fatalf("%s has no image %s", owner, name)
	}
	return found[0]
}

func (r *rig) debian() types.Image { return r.vendor("136693071363", "debian-12-amd64-*") }

func (r *rig) windows() types.Image {
	return r.vendor("801119661308", "Windows_Server-2022-English-Full-Base-*")
}

func (r *rig) images(in *ec2.DescribeImagesInput) []types.Image {
	r.t.Helper()
	out, err := r.own().DescribeImages(r.t.Context(), in)
	return must(r.t, out, err).Images
}

// run launches an instance and gives it as it is once it is not pending any more.
func (r *rig) run(change ...func(*ec2.RunInstancesInput)) types.Instance {
	r.t.Helper()
	in := &ec2.RunInstancesInput{
		ImageId: r.debian().ImageId, InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
	}
	for _, f := range change {
		f(in)
	}
	out, err := r.own().RunInstances(r.t.Context(), in)
	id := *must(r.t, out, err).Instances[0].InstanceId
	return r.untilNot(id, types.InstanceStateNamePending)
}

// untilNot waits until an instance has left a state; its transitions take no time.
func (r *rig) untilNot(id string, state types.InstanceStateName) types.Instance {
	r.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if i := r.instance(id); i.State.Name != state {
			return i
		}
	}
	r.t.Fatalf("%s stays %s", id, state)
	return types.Instance{}
}

func (r *rig) instance(id string) types.Instance {
	r.t.Helper()
	out, err := r.own().DescribeInstances(r.t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	return must(r.t, out, err).Reservations[0].Instances[0]
}

// register makes an image of a snapshot of the rig's own, or of another one.
func (r *rig) register(name string, change ...func(*ec2.RegisterImageInput)) (string, error) {
	r.t.Helper()
	in := &ec2.RegisterImageInput{
		Name: &name, RootDeviceName: aws.String("/dev/xvda"), VirtualizationType: aws.String("hvm"), Architecture: types.ArchitectureValuesX8664,
		BlockDeviceMappings: []types.BlockDeviceMapping{{
			DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{SnapshotId: aws.String(r.disk())},
		}},
	}
	for _, f := range change {
		f(in)
	}
	out, err := r.own().RegisterImage(r.t.Context(), in)
	if err != nil {
		return "", err
	}
	return *out.ImageId, nil
}

// snapshot makes a completed snapshot of an empty volume.
func (r *rig) snapshot(change ...func(*ec2.CreateVolumeInput)) string {
	r.t.Helper()
	in := &ec2.CreateVolumeInput{AvailabilityZone: aws.String(home + "a"), Size: aws.Int32(8)}
	for _, f := range change {
		f(in)
	}
	volume, err := r.own().CreateVolume(r.t.Context(), in)
	made, err2 := r.own().CreateSnapshot(r.t.Context(), &ec2.CreateSnapshotInput{VolumeId: must(r.t, volume, err).VolumeId})
	return *must(r.t, made, err2).SnapshotId
}

// disk is the rig's own snapshot, made when it is first needed.
func (r *rig) disk() string {
	r.t.Helper()
	if r.ownDisk == "" {
		r.ownDisk = r.snapshot()
	}
	return r.ownDisk
}

// copied copies an image into another Region.
func (r *rig) copied(image, name string, change ...func(*ec2.CopyImageInput)) (string, error) {
	r.t.Helper()
	in := &ec2.CopyImageInput{Name: &name, SourceImageId: &image, SourceRegion: aws.String(home)}
	for _, f := range change {
		f(in)
	}
	out, err := r.ec2(sandboxtest.Home, away).CopyImage(r.t.Context(), in)
	if err != nil {
		return "", err
	}
	return *out.ImageId, nil
}

func (r *rig) imageIn(region, id string) types.Image {
	r.t.Helper()
	out, err := r.ec2(sandboxtest.Home, region).DescribeImages(r.t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{id}})
	if images := must(r.t, out, err).Images; len(images) == 1 {
		return images[0]
	}
	r.t.Fatalf("the owner does not see %s", id)
	return types.Image{}
}

// key makes a KMS key and gives its ARN.
func (r *rig) key(region string, change ...func(*kms.CreateKeyInput)) string {
	r.t.Helper()
	in := &kms.CreateKeyInput{}
	for _, f := range change {
		f(in)
	}
	out, err := kms.NewFromConfig(r.config(sandboxtest.Home, region)).CreateKey(r.t.Context(), in)
	return *must(r.t, out, err).KeyMetadata.Arn
}

func (r *rig) share(image string, changes *types.LaunchPermissionModifications) error {
	_, err := r.own().ModifyImageAttribute(r.t.Context(), &ec2.ModifyImageAttributeInput{ImageId: &image, LaunchPermission: changes})
	return err
}

func toAccount(account string) *types.LaunchPermissionModifications {
	return &types.LaunchPermissionModifications{Add: []types.LaunchPermission{{UserId: &account}}}
}

var toAll = &types.LaunchPermissionModifications{Add: []types.LaunchPermission{{Group: types.PermissionGroupAll}}}
