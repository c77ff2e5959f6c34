package ec2_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// hide makes a resource unknown for a minute.
func (c *cloud) hide(id string) {
	c.World().Hide(id, c.clock.Now().Add(time.Minute))
}

func TestWhatIsNotYetVisibleIsUnknown(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	image := c.build("late")
	snapshot, instance := c.rootSnapshot(c.home, image), c.launch()
	c.hide(image)
	c.hide(snapshot)
	c.hide(instance)

	_, err := c.home.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{image}})
	refused(t, err, badRequest, "InvalidAMIID.NotFound", "The image id '["+image+"]' does not exist")
	_, err = c.home.CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{image}, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
	refused(t, err, badRequest, "InvalidAMIID.NotFound", "The image id '["+image+"]' does not exist")
	_, err = c.home.EnableImageDeprecation(t.Context(), &ec2.EnableImageDeprecationInput{ImageId: &image, DeprecateAt: aws.Time(c.clock.Now().Add(time.Hour))})
	refused(t, err, badRequest, "InvalidAMIID.NotFound", "The image id '["+image+"]' does not exist")
	_, err = c.home.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{snapshot}})
	refused(t, err, badRequest, "InvalidSnapshot.NotFound", "The snapshot '"+snapshot+"' does not exist.")
	_, err = c.home.RegisterImage(t.Context(), &ec2.RegisterImageInput{
		Name: aws.String("again"), RootDeviceName: aws.String("/dev/xvda"),
		BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{SnapshotId: &snapshot}}},
	})
	refused(t, err, badRequest, "InvalidSnapshotID.NotFound", "The snapshot ID '"+snapshot+"' does not exist")
	_, err = c.home.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{instance}})
	refused(t, err, badRequest, "InvalidInstanceID.NotFound", "The instance ID '"+instance+"' does not exist")

	for _, found := range c.images(c.home, &ec2.DescribeImagesInput{Filters: []types.Filter{filter("image-id", image)}}) {
		t.Errorf("a list has %s", *found.ImageId)
	}
	all, err := c.home.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})
	for _, r := range must(t, all, err).Reservations {
		if *r.Instances[0].InstanceId == instance {
			t.Error("a list has the instance")
		}
	}
	_, err = c.home.CreateImage(t.Context(), &ec2.CreateImageInput{InstanceId: aws.String(c.launch()), Name: aws.String("late")})
	refused(t, err, badRequest, "InvalidAMIName.Duplicate", "AMI name late is already in use by AMI "+image)

	c.clock.Pass(time.Minute)
	if got := c.image(c.home, image); got.State != types.ImageStateAvailable {
		t.Errorf("a minute later: %s", got.State)
	}
}

func TestStragglersShowTagsAndDevicesLast(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{Visible: world.Duration(time.Minute)})
	c.clock.Pass(time.Hour)
	volume, err := c.home.CreateVolume(t.Context(), &ec2.CreateVolumeInput{AvailabilityZone: aws.String(here + "a"), Size: aws.Int32(1)})
	taken, err := c.home.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: must(t, volume, err).VolumeId})
	snapshot := *must(t, taken, err).SnapshotId
	late, bare, plain := 0, 0, 0
	ids := make([]string, 0, 40)
	for n := range cap(ids) {
		made, err := c.home.RegisterImage(t.Context(), &ec2.RegisterImageInput{
			Name: aws.String("image-" + strconv.Itoa(n)), RootDeviceName: aws.String("/dev/xvda"), VirtualizationType: aws.String("hvm"),
			Architecture:        types.ArchitectureValuesX8664,
			BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{SnapshotId: &snapshot}}},
			TagSpecifications:   []types.TagSpecification{{ResourceType: types.ResourceTypeImage, Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}},
		})
		ids = append(ids, *must(t, made, err).ImageId)
	}
	for range 30 {
		own := c.images(c.home, &ec2.DescribeImagesInput{Owners: []string{"self"}})
		late += len(ids) - len(own)
		for _, i := range own {
			if len(i.Tags) == 0 {
				plain++
			}
			if len(i.BlockDeviceMappings) == 0 {
				bare++
			}
		}
		c.clock.Pass(4 * time.Second)
	}
	if late == 0 || plain == 0 || bare == 0 {
		t.Errorf("of 40 images looked at 30 times %d were unseen, %d without tags, %d without devices", late, plain, bare)
	}
	if own := c.images(c.home, &ec2.DescribeImagesInput{Owners: []string{"self"}, Filters: []types.Filter{filter("tag:k", "v")}}); len(own) != len(ids) {
		t.Errorf("two minutes later there are %d images with the tag", len(own))
	}
}

func TestAKeyPairThatIsNotYetVisibleIsADuplicateAllTheSame(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	in := &ec2.CreateKeyPairInput{KeyName: aws.String("k"), KeyType: types.KeyTypeEd25519}
	made, err := c.home.CreateKeyPair(t.Context(), in)
	c.hide(*must(t, made, err).KeyPairId)
	_, err = c.home.CreateKeyPair(t.Context(), in)
	refused(t, err, badRequest, "InvalidKeyPair.Duplicate", "The keypair already exists")
	_, err = c.home.DescribeKeyPairs(t.Context(), &ec2.DescribeKeyPairsInput{KeyNames: []string{"k"}})
	refused(t, err, badRequest, "InvalidKeyPair.NotFound", "The key pair 'k' does not exist")
	byName := &ec2.DescribeKeyPairsInput{Filters: []types.Filter{filter("key-name", "k")}}
	found, err := c.home.DescribeKeyPairs(t.Context(), byName)
	if n := len(must(t, found, err).KeyPairs); n != 0 {
		t.Errorf("a list has %d key pairs", n)
	}
	c.clock.Pass(time.Minute)
	found, err = c.home.DescribeKeyPairs(t.Context(), byName)
	if n := len(must(t, found, err).KeyPairs); n != 1 {
		t.Errorf("a minute later there are %d key pairs", n)
	}
}
