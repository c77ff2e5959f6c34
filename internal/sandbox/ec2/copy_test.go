package ec2_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// copyTo copies an image of the home Region with a client and gives the copy's id.
func (c *cloud) copyTo(client *ec2.Client, id string, change ...func(*ec2.CopyImageInput)) string {
	c.t.Helper()
	in := &ec2.CopyImageInput{Name: aws.String("copy"), SourceImageId: aws.String(id), SourceRegion: aws.String(here)}
	for _, f := range change {
		f(in)
	}
	out, err := client.CopyImage(c.t.Context(), in)
	return *must(c.t, out, err).ImageId
}

func withKey(key string) func(*ec2.CopyImageInput) {
	return func(in *ec2.CopyImageInput) { in.Encrypted, in.KmsKeyId = aws.Bool(true), aws.String(key) }
}

// encryptedImage is an available image whose root is encrypted in the home Region.
func (c *cloud) encryptedImage(key string) string {
	c.t.Helper()
	source := c.build("plain")
	id := c.copyTo(c.home, source, withKey(key), func(in *ec2.CopyImageInput) { in.Name = aws.String("encrypted") })
	if s := c.image(c.home, id); s.State != types.ImageStateAvailable || !*s.BlockDeviceMappings[0].Ebs.Encrypted {
		c.t.Fatalf("want an encrypted image, got %s", s.State)
	}
	return id
}

func TestCopyImageEncryptsWithAKeyOfTheDestination(t *testing.T) {
	t.Parallel()
	c := start(t, slow)
	source := c.build("source", func(in *ec2.CreateImageInput) { in.NoReboot = aws.Bool(true) })
	c.clock.Pass(time.Hour)
	_, err := c.home.CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{source}, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("1")}}})
	must(t, 0, err)
	key := c.key(sandboxtest.Home, there)
	_, err = c.KMS(sandboxtest.Home, there).CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/golden"), TargetKeyId: aws.String(key)})
	must(t, 0, err)
	id := c.copyTo(c.abroad, source, withKey("alias/golden"), func(in *ec2.CopyImageInput) {
		in.CopyImageTags, in.Description = aws.Bool(true), aws.String("the copy")
		in.SnapshotCopyCompletionDurationMinutes = aws.Int64(30)
		in.TagSpecifications = []types.TagSpecification{
			{ResourceType: types.ResourceTypeImage, Tags: []types.Tag{{Key: aws.String("b"), Value: aws.String("2")}}},
			{ResourceType: types.ResourceTypeSnapshot, Tags: []types.Tag{{Key: aws.String("of"), Value: aws.String("copy")}}},
		}
	})
	if s := c.image(c.abroad, id).State; s != types.ImageStatePending {
		t.Fatalf("the copy is %s at once", s)
	}
	c.clock.Pass(3 * time.Minute)
	image := c.image(c.abroad, id)
	if image.State != types.ImageStateAvailable || *image.SourceImageId != source || *image.SourceImageRegion != here || image.SourceInstanceId != nil {
		t.Errorf("wrong copy: %s of %s", image.State, aws.ToString(image.SourceImageId))
	}
	if len(image.Tags) != 2 || *image.Tags[1].Value != "2" || *image.Description != "the copy" {
		t.Errorf("wrong tags %v or description", image.Tags)
	}
	snapshot := c.snapshot(c.abroad, *image.BlockDeviceMappings[0].Ebs.SnapshotId)
	if !*snapshot.Encrypted || *snapshot.KmsKeyId != key || *snapshot.VolumeId != "vol-ffffffff" || *snapshot.Tags[0].Value != "copy" ||
		snapshot.TransferType != types.TransferTypeTimeBased || *snapshot.CompletionDurationMinutes != 30 {
		t.Errorf("wrong snapshot: %+v", snapshot)
	}
}

// A key is looked at after the call was accepted, whatever is wrong with it.
func TestCopyImageWithABadKeyFailsLate(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	source := c.build("source")
	disabled := c.key(sandboxtest.Home, there)
	_, err := c.KMS(sandboxtest.Home, there).DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: aws.String(disabled)})
	must(t, 0, err)
	const inaccessible, invalid = "Client.InternalError", "Client.InvalidKMSKey.InvalidState"
	for name, test := range map[string]struct{ key, code string }{
		"missing":         {"alias/none", inaccessible},
		"other Region":    {c.key(sandboxtest.Home, here), inaccessible},
		"other account":   {c.key(sandboxtest.Partner, there), inaccessible},
		"disabled":        {disabled, invalid},
		"asymmetric":      {c.key(sandboxtest.Home, there, asymmetric), invalid},
		"foreign aws/ebs": {"arn:aws:kms:" + there + ":" + sandboxtest.Partner + ":alias/aws/ebs", inaccessible},
	} {
		image := c.image(c.abroad, c.copyTo(c.abroad, source, withKey(test.key)))
		if image.State != types.ImageStateFailed || aws.ToString(image.StateReason.Code) != test.code {
			t.Fatalf("%s: want failed with %s, got %s %+v", name, test.code, image.State, image.StateReason)
		}
		snapshot := c.snapshot(c.abroad, *image.BlockDeviceMappings[0].Ebs.SnapshotId)
		if snapshot.State != types.SnapshotStateError || *snapshot.StateMessage != "Given key ID is not accessible" {
			t.Errorf("%s: want a snapshot in error, got %s %q", name, snapshot.State, aws.ToString(snapshot.StateMessage))
		}
	}
}

func TestCopyImageKeepsOrChoosesTheKey(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	key := c.key(sandboxtest.Home, here)
	source := c.encryptedImage(key)
	same := c.snapshot(c.home, c.rootSnapshot(c.home, c.copyTo(c.home, source)))
	if *same.KmsKeyId != key {
		t.Errorf("a copy in the same Region has the key %s, want %s", *same.KmsKeyId, key)
	}
	other := c.snapshot(c.abroad, c.rootSnapshot(c.abroad, c.copyTo(c.abroad, source)))
	aliased, err := c.KMS(sandboxtest.Home, there).DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: aws.String("alias/aws/ebs")})
	if want := *must(t, aliased, err).KeyMetadata.Arn; *other.KmsKeyId != want {
		t.Errorf("a copy in another Region has the key %s, want its aws/ebs %s", *other.KmsKeyId, want)
	}
	_, err = c.abroad.CopyImage(t.Context(), &ec2.CopyImageInput{Name: aws.String("open"), SourceImageId: aws.String(source), SourceRegion: aws.String(here), Encrypted: aws.Bool(false)})
	refused(t, err, badRequest, "InvalidRequest", "Snapshot "+c.rootSnapshot(c.home, source)+" is encrypted. Creating unencrypted copy from an encrypted snapshot is not supported")
}

func TestCopyImageWithEncryptionByDefault(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	source := c.build("source")
	_, err := c.abroad.EnableEbsEncryptionByDefault(t.Context(), &ec2.EnableEbsEncryptionByDefaultInput{})
	must(t, 0, err)
	key := c.key(sandboxtest.Home, there)
	_, err = c.abroad.ModifyEbsDefaultKmsKeyId(t.Context(), &ec2.ModifyEbsDefaultKmsKeyIdInput{KmsKeyId: aws.String(key)})
	must(t, 0, err)
	snapshot := c.snapshot(c.abroad, c.rootSnapshot(c.abroad, c.copyTo(c.abroad, source)))
	if !*snapshot.Encrypted || *snapshot.KmsKeyId != key {
		t.Errorf("want a copy encrypted with the default key, got %v %v", *snapshot.Encrypted, snapshot.KmsKeyId)
	}
}

func TestCopyImageTokensAndNames(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	source := c.build("source")
	token := func(in *ec2.CopyImageInput) { in.ClientToken = aws.String("once") }
	one := c.copyTo(c.abroad, source, token)
	if again := c.copyTo(c.abroad, source, token); again != one {
		t.Errorf("the same call gives %s and then %s", one, again)
	}
	_, err := c.abroad.CopyImage(t.Context(), &ec2.CopyImageInput{Name: aws.String("changed"), SourceImageId: aws.String(source), SourceRegion: aws.String(here), ClientToken: aws.String("once")})
	refused(t, err, badRequest, "IdempotentParameterMismatch", "The client token 'once' was used with other parameters before")
	if another := c.copyTo(c.abroad, source); another == one {
		t.Error("a copy of the same name without the token is not a second image")
	}
}

func TestCopyImageAcrossAccounts(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	key := c.key(sandboxtest.Home, here)
	source := c.encryptedImage(key)
	in := &ec2.CopyImageInput{Name: aws.String("theirs"), SourceImageId: aws.String(source), SourceRegion: aws.String(here)}
	_, err := c.partner.CopyImage(t.Context(), in)
	refused(t, err, badRequest, "InvalidAMIID.NotFound", "The image id '["+source+"]' does not exist")
	share(t, c, source, types.LaunchPermission{UserId: aws.String(sandboxtest.Partner)})
	_, err = c.partner.CopyImage(t.Context(), in)
	refused(t, err, badRequest, "InvalidRequest", "You do not have permission to access the storage of this ami")

	_, err = c.home.ModifySnapshotAttribute(t.Context(), &ec2.ModifySnapshotAttributeInput{
		SnapshotId: aws.String(c.rootSnapshot(c.home, source)), Attribute: types.SnapshotAttributeNameCreateVolumePermission,
		OperationType: types.OperationTypeAdd, UserIds: []string{sandboxtest.Partner},
	})
	must(t, 0, err)
	if failed := c.image(c.partner, c.copyTo(c.partner, source)); failed.State != types.ImageStateFailed {
		t.Errorf("without use of the key the copy is %s", failed.State)
	}
	_, err = c.KMS(sandboxtest.Home, here).PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: aws.String(key), Policy: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["` + sandboxtest.Home + `","arn:aws:iam::` + sandboxtest.Partner + `:root"]},"Action":"kms:*","Resource":"*"}]}`)})
	must(t, 0, err)
	id := c.copyTo(c.partner, source)
	image := c.image(c.partner, id)
	if image.State != types.ImageStateAvailable || *image.OwnerId != sandboxtest.Partner {
		t.Fatalf("with use of the key the copy is %s", image.State)
	}
	if own := c.snapshot(c.partner, *image.BlockDeviceMappings[0].Ebs.SnapshotId); *own.KmsKeyId == key {
		t.Error("the partner's copy has the owner's key, want the partner's aws/ebs")
	}
}

// What a vendor bills for is not copied to another account.
func TestCopyImageOfBilledImages(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := *c.vendor(c.home).ImageId
	in := &ec2.CopyImageInput{Name: aws.String("copy"), SourceImageId: aws.String(id), SourceRegion: aws.String(here)}
	c.World().Do(func() { c.World().KnownImage(here, id).UsageOperation = "RunInstances:0002" })
	_, err := c.home.CopyImage(t.Context(), in)
	refused(t, err, badRequest, "InvalidRequest", "Images with EC2 BillingProduct codes cannot be copied to another AWS account")
	c.World().Do(func() { c.World().KnownImage(here, id).ProductCodes = []string{"abc"} })
	_, err = c.home.CopyImage(t.Context(), in)
	refused(t, err, badRequest, "InvalidRequest", "Images from AWS Marketplace cannot be copied to another AWS account")
}

func TestCopyImageRefusals(t *testing.T) {
	t.Parallel()
	c := start(t, slow)
	source := c.build("source")
	in := func(change func(*ec2.CopyImageInput)) error {
		call := &ec2.CopyImageInput{Name: aws.String("copy"), SourceImageId: aws.String(source), SourceRegion: aws.String(here)}
		change(call)
		_, err := c.abroad.CopyImage(t.Context(), call)
		return err
	}
	refused(t, in(func(*ec2.CopyImageInput) {}), badRequest, "InvalidAMIID.Unavailable", "The image ID '"+source+"' is currently pending and may not be used for this operation")
	c.clock.Pass(time.Hour)
	for _, minutes := range []int64{0, 14, 20, 2895} {
		err := in(func(call *ec2.CopyImageInput) { call.SnapshotCopyCompletionDurationMinutes = aws.Int64(minutes) })
		refused(t, err, badRequest, "InvalidParameterValue",
			"Value ("+strconv.FormatInt(minutes, 10)+") for parameter SnapshotCopyCompletionDurationMinutes is invalid. The value must be between 15 and 2880 in increments of 15.")
	}
	refused(t, in(func(call *ec2.CopyImageInput) { call.KmsKeyId = aws.String("alias/x") }), badRequest,
		"InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set.")
	refused(t, in(func(call *ec2.CopyImageInput) { call.SourceImageId = aws.String("ami-0123456789abcdef0") }), badRequest,
		"InvalidAMIID.NotFound", "The image id '[ami-0123456789abcdef0]' does not exist")
	for range 100 {
		must(t, 0, in(func(*ec2.CopyImageInput) {}))
	}
	refused(t, in(func(*ec2.CopyImageInput) {}), badRequest, "ResourceLimitExceeded", "Too many image copies in progress. The limit is 100 for this destination region.")
}
