package ec2_test

import (
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func (c *cloud) tag(client *ec2.Client, id string, pairs ...string) error {
	var tags []types.Tag
	for n := 0; n < len(pairs); n += 2 {
		tags = append(tags, types.Tag{Key: aws.String(pairs[n]), Value: aws.String(pairs[n+1])})
	}
	_, err := client.CreateTags(c.t.Context(), &ec2.CreateTagsInput{Resources: []string{id}, Tags: tags})
	return err
}

func TestTagsOfWhatDoesNotExist(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	mine := c.build("image")
	for id, want := range map[string][2]string{
		"ami-0123456789abcdef0":    {"InvalidAMIID.NotFound", "The image id '[ami-0123456789abcdef0]' does not exist"},
		"snap-0123456789abcdef0":   {"InvalidSnapshot.NotFound", "The snapshot 'snap-0123456789abcdef0' does not exist."},
		"i-0123456789abcdef0":      {"InvalidInstanceID.NotFound", "The instance ID 'i-0123456789abcdef0' does not exist"},
		"vol-0123456789abcdef0":    {"InvalidVolume.NotFound", "The volume 'vol-0123456789abcdef0' does not exist."},
		"sg-0123456789abcdef0":     {"InvalidGroup.NotFound", "The security group 'sg-0123456789abcdef0' does not exist"},
		"key-0123456789abcdef0":    {"InvalidKeyPair.NotFound", "The key pair ID 'key-0123456789abcdef0' does not exist"},
		"subnet-0123456789abcdef0": {"InvalidSubnetID.NotFound", "The subnet ID 'subnet-0123456789abcdef0' does not exist"},
		"thing":                    {"InvalidID", "The ID 'thing' is not valid"},
	} {
		refused(t, c.tag(c.home, id, "a", "b"), badRequest, want[0], want[1])
	}
	refused(t, c.tag(c.partner, mine, "a", "b"), badRequest, "InvalidAMIID.NotFound", "The image id '["+mine+"]' does not exist")
}

func TestTagLimitAndDeletion(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.build("image")
	pairs := make([]string, 0, 100)
	for n := range 50 {
		pairs = append(pairs, "key"+strconv.Itoa(n), "v")
	}
	must(t, 0, c.tag(c.home, id, pairs...))
	refused(t, c.tag(c.home, id, "one", "more"), badRequest, "TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
	must(t, 0, c.tag(c.home, id, "key0", "other"))
	refused(t, c.tag(c.home, id, "aws:x", "y"), badRequest, "InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
	out, err := c.home.DescribeTags(t.Context(), &ec2.DescribeTagsInput{Filters: []types.Filter{filter("resource-id", id), filter("resource-type", "image"), filter("key", "key0")}})
	if tags := must(t, out, err).Tags; len(tags) != 1 || *tags[0].Value != "other" || tags[0].ResourceType != types.ResourceTypeImage {
		t.Errorf("tags: %+v", tags)
	}
	remove := func(tags ...types.Tag) int {
		_, err := c.home.DeleteTags(t.Context(), &ec2.DeleteTagsInput{Resources: []string{id}, Tags: tags})
		must(t, 0, err)
		return len(c.image(c.home, id).Tags)
	}
	if n := remove(types.Tag{Key: aws.String("key0"), Value: aws.String("wrong")}); n != 50 {
		t.Errorf("a tag of another value was deleted: %d", n)
	}
	if n := remove(types.Tag{Key: aws.String("key0")}, types.Tag{Key: aws.String("none")}); n != 49 {
		t.Errorf("want 49 tags, got %d", n)
	}
	if n := remove(); n != 0 {
		t.Errorf("want no tags, got %d", n)
	}
}

func TestVolumesAndEncryption(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	create := func(in ec2.CreateVolumeInput) (*ec2.CreateVolumeOutput, error) {
		in.AvailabilityZone = aws.String(here + "a")
		return c.home.CreateVolume(t.Context(), &in)
	}
	key := c.key(sandboxtest.Home, here)
	_, err := create(ec2.CreateVolumeInput{Size: aws.Int32(4), KmsKeyId: aws.String(key)})
	refused(t, err, badRequest, "InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set.")
	_, err = create(ec2.CreateVolumeInput{Size: aws.Int32(4), Encrypted: aws.Bool(true), KmsKeyId: aws.String("alias/none")})
	refused(t, err, badRequest, "InvalidParameterValue", "The specified keyId alias/none is invalid")
	_, err = create(ec2.CreateVolumeInput{})
	refused(t, err, badRequest, "MissingParameter", "The request must contain the parameter size/snapshot")
	made, err := create(ec2.CreateVolumeInput{Size: aws.Int32(4), Encrypted: aws.Bool(true), KmsKeyId: aws.String(key), ClientToken: aws.String("v")})
	volume := must(t, made, err)
	again, err := create(ec2.CreateVolumeInput{Size: aws.Int32(4), Encrypted: aws.Bool(true), KmsKeyId: aws.String(key), ClientToken: aws.String("v")})
	if *must(t, again, err).VolumeId != *volume.VolumeId || *volume.KmsKeyId != key {
		t.Errorf("volumes: %+v %+v", volume, again)
	}
	taken, err := c.home.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: volume.VolumeId})
	snapshot := must(t, taken, err)
	if *snapshot.KmsKeyId != key {
		t.Errorf("the snapshot's key is %s", aws.ToString(snapshot.KmsKeyId))
	}
	_, err = create(ec2.CreateVolumeInput{SnapshotId: snapshot.SnapshotId, Encrypted: aws.Bool(false)})
	refused(t, err, badRequest, "InvalidParameterValue", "Snapshot "+*snapshot.SnapshotId+" is encrypted. Creating an unencrypted volume from an encrypted snapshot is not supported")
	inherited, err := create(ec2.CreateVolumeInput{SnapshotId: snapshot.SnapshotId})
	if got := must(t, inherited, err); *got.KmsKeyId != key || *got.Size != 4 {
		t.Errorf("a volume of the snapshot: %+v", got)
	}
	_, err = c.home.EnableEbsEncryptionByDefault(t.Context(), &ec2.EnableEbsEncryptionByDefaultInput{})
	must(t, 0, err)
	byDefault, err := create(ec2.CreateVolumeInput{Size: aws.Int32(1)})
	if got := must(t, byDefault, err); !*got.Encrypted || *got.KmsKeyId == key {
		t.Errorf("a volume with encryption by default: %+v", got)
	}
	_, err = c.home.DeleteVolume(t.Context(), &ec2.DeleteVolumeInput{VolumeId: volume.VolumeId})
	must(t, 0, err)
	_, err = c.home.DeleteVolume(t.Context(), &ec2.DeleteVolumeInput{VolumeId: volume.VolumeId})
	refused(t, err, badRequest, "InvalidVolume.NotFound", "The volume '"+*volume.VolumeId+"' does not exist.")
}

func TestEBSEncryptionSettings(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	state := func() bool {
		out, err := c.home.GetEbsEncryptionByDefault(t.Context(), &ec2.GetEbsEncryptionByDefaultInput{})
		return *must(t, out, err).EbsEncryptionByDefault
	}
	if state() {
		t.Error("encrypted by default at first")
	}
	_, err := c.home.EnableEbsEncryptionByDefault(t.Context(), &ec2.EnableEbsEncryptionByDefaultInput{})
	must(t, 0, err)
	if !state() {
		t.Error("not enabled")
	}
	_, err = c.home.DisableEbsEncryptionByDefault(t.Context(), &ec2.DisableEbsEncryptionByDefaultInput{})
	must(t, 0, err)
	if state() {
		t.Error("not disabled")
	}
	key, err := c.home.GetEbsDefaultKmsKeyId(t.Context(), &ec2.GetEbsDefaultKmsKeyIdInput{})
	if got := *must(t, key, err).KmsKeyId; got != "alias/aws/ebs" {
		t.Errorf("the default key is %s", got)
	}
	_, err = c.home.ModifyEbsDefaultKmsKeyId(t.Context(), &ec2.ModifyEbsDefaultKmsKeyIdInput{KmsKeyId: aws.String(c.key(sandboxtest.Partner, here))})
	if err == nil {
		t.Error("another account's key is the default")
	}
}
