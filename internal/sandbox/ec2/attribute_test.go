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

func (c *cloud) modify(in *ec2.ModifyImageAttributeInput) error {
	_, err := c.home.ModifyImageAttribute(c.t.Context(), in)
	return err
}

func add(who ...types.LaunchPermission) *types.LaunchPermissionModifications {
	return &types.LaunchPermissionModifications{Add: who}
}

func TestModifyImageAttributeTakesOneAttribute(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := aws.String(c.build("image"))
	err := c.modify(&ec2.ModifyImageAttributeInput{ImageId: id, Description: &types.AttributeValue{Value: aws.String("x")}, ImdsSupport: &types.AttributeValue{Value: aws.String("v2.0")}})
	refused(t, err, badRequest, "InvalidParameterCombination", "Fields for multiple attribute types specified: description, imdsSupport")
	refused(t, c.modify(&ec2.ModifyImageAttributeInput{ImageId: id}), badRequest, "InvalidParameterCombination", "No attributes specified.")
	err = c.modify(&ec2.ModifyImageAttributeInput{ImageId: id, LaunchPermission: add(types.LaunchPermission{UserId: aws.String("123")})})
	refused(t, err, badRequest, "InvalidAMIAttributeItemValue", `Invalid attribute item value "123 " for userId item type.`)
	err = c.modify(&ec2.ModifyImageAttributeInput{ImageId: id, ImdsSupport: &types.AttributeValue{Value: aws.String("v1.0")}})
	refused(t, err, badRequest, "InvalidParameterValue", "Invalid value 'v1.0' for ImdsSupport. Valid values: v2.0")
	_, err = c.partner.ModifyImageAttribute(t.Context(), &ec2.ModifyImageAttributeInput{ImageId: id, Description: &types.AttributeValue{Value: aws.String("x")}})
	refused(t, err, badRequest, "AuthFailure", "Not authorized for image:"+*id)

	must(t, 0, c.modify(&ec2.ModifyImageAttributeInput{ImageId: id, Description: &types.AttributeValue{Value: aws.String("new")}}))
	must(t, 0, c.modify(&ec2.ModifyImageAttributeInput{ImageId: id, Attribute: aws.String("imdsSupport"), Value: aws.String("v2.0")}))
	if image := c.image(c.home, *id); *image.Description != "new" || image.ImdsSupport != types.ImdsSupportValuesV20 {
		t.Errorf("the image has %q, %s", *image.Description, image.ImdsSupport)
	}
}

func TestModifyImageAttributeOfAPendingImage(t *testing.T) {
	t.Parallel()
	c := start(t, slow)
	id := c.build("image")
	err := c.modify(&ec2.ModifyImageAttributeInput{ImageId: aws.String(id), LaunchPermission: add(types.LaunchPermission{UserId: aws.String(sandboxtest.Partner)})})
	refused(t, err, badRequest, "InvalidAMIID.Unavailable", "The image ID '"+id+"' is currently pending and may not be used for this operation")
}

func TestLaunchPermissions(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.build("image")
	const org = "arn:aws:organizations::123456789012:organization/o-abcdefghij"
	const unit = "arn:aws:organizations::123456789012:ou/o-abcdefghij/ou-ab12-abcdefgh"
	share(t, c, id, types.LaunchPermission{UserId: aws.String(sandboxtest.Partner)}, types.LaunchPermission{OrganizationArn: aws.String(org)},
		types.LaunchPermission{OrganizationalUnitArn: aws.String(unit)})
	must(t, 0, c.modify(&ec2.ModifyImageAttributeInput{ImageId: aws.String(id), Attribute: aws.String("launchPermission"), OperationType: types.OperationTypeAdd, UserIds: []string{"222233334444"}}))
	permissions := func() []types.LaunchPermission {
		out, err := c.home.DescribeImageAttribute(t.Context(), &ec2.DescribeImageAttributeInput{ImageId: aws.String(id), Attribute: types.ImageAttributeNameLaunchPermission})
		return must(t, out, err).LaunchPermissions
	}
	if got := permissions(); len(got) != 4 || *got[1].OrganizationArn != org || *got[2].OrganizationalUnitArn != unit {
		t.Errorf("permissions: %v", got)
	}
	must(t, 0, c.modify(&ec2.ModifyImageAttributeInput{ImageId: aws.String(id), LaunchPermission: &types.LaunchPermissionModifications{Remove: []types.LaunchPermission{{UserId: aws.String("222233334444")}}}}))
	_, err := c.partner.CancelImageLaunchPermission(t.Context(), &ec2.CancelImageLaunchPermissionInput{ImageId: aws.String(id)})
	must(t, 0, err)
	if got := permissions(); len(got) != 2 {
		t.Errorf("permissions after two left: %v", got)
	}
	_, err = c.home.ResetImageAttribute(t.Context(), &ec2.ResetImageAttributeInput{ImageId: aws.String(id), Attribute: types.ResetImageAttributeNameLaunchPermission})
	must(t, 0, err)
	if got := permissions(); len(got) != 0 {
		t.Errorf("permissions after the reset: %v", got)
	}
	err = c.modify(&ec2.ModifyImageAttributeInput{ImageId: aws.String(id), LaunchPermission: add(types.LaunchPermission{OrganizationArn: aws.String("o-abcdefghij")})})
	refused(t, err, badRequest, "InvalidAMIAttributeItemValue", `Invalid attribute item value "o-abcdefghij " for organizationArn item type.`)
}

// amazon-ebs names the accounts twice: in the older list without an operation, and
// in the structure.
func TestPermissionsAsAmazonEBSSendsThem(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.build("image")
	must(t, 0, c.modify(&ec2.ModifyImageAttributeInput{
		ImageId: aws.String(id), UserIds: []string{sandboxtest.Partner}, LaunchPermission: add(types.LaunchPermission{UserId: aws.String(sandboxtest.Partner)}),
	}))
	must(t, 0, c.modify(&ec2.ModifyImageAttributeInput{
		ImageId: aws.String(id), UserGroups: []string{"all"}, LaunchPermission: add(types.LaunchPermission{Group: types.PermissionGroupAll}),
	}))
	if image := c.image(c.partner, id); !*image.Public {
		t.Error("the image is not public")
	}
	snapshot := c.rootSnapshot(c.home, id)
	_, err := c.home.ModifySnapshotAttribute(t.Context(), &ec2.ModifySnapshotAttributeInput{
		SnapshotId: aws.String(snapshot), UserIds: []string{sandboxtest.Partner},
		CreateVolumePermission: &types.CreateVolumePermissionModifications{Add: []types.CreateVolumePermission{{UserId: aws.String(sandboxtest.Partner)}}},
	})
	must(t, 0, err)
	c.snapshot(c.partner, snapshot)
	refused(t, c.modify(&ec2.ModifyImageAttributeInput{ImageId: aws.String(id), UserIds: []string{sandboxtest.Partner}}), badRequest,
		"InvalidParameterValue", "Invalid value '' for OperationType. Valid values: add, remove")
}

func TestEncryptedWithAnAWSManagedKeyIsNotShared(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.encryptedImage("alias/aws/ebs")
	err := c.modify(&ec2.ModifyImageAttributeInput{ImageId: aws.String(id), LaunchPermission: add(types.LaunchPermission{UserId: aws.String(sandboxtest.Partner)})})
	refused(t, err, badRequest, "InvalidParameter", "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot.")
	_, err = c.home.ModifySnapshotAttribute(t.Context(), &ec2.ModifySnapshotAttributeInput{
		SnapshotId: aws.String(c.rootSnapshot(c.home, id)), Attribute: types.SnapshotAttributeNameCreateVolumePermission,
		OperationType: types.OperationTypeAdd, UserIds: []string{sandboxtest.Partner},
	})
	refused(t, err, badRequest, "OperationNotPermitted", "Encrypted snapshots with EBS default key cannot be shared")
}

func TestPublicImages(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	all := add(types.LaunchPermission{Group: types.PermissionGroupAll})
	encrypted := c.encryptedImage(c.key(sandboxtest.Home, here))
	refused(t, c.modify(&ec2.ModifyImageAttributeInput{ImageId: aws.String(encrypted), LaunchPermission: all}), badRequest,
		"InvalidParameter", "Images with encrypted snapshots can't be shared publicly: "+c.rootSnapshot(c.home, encrypted)+" is encrypted.")
	ids := make([]string, 0, 6)
	for n := range 6 {
		ids = append(ids, c.build("public-"+strconv.Itoa(n)))
	}
	_, err := c.home.EnableImageBlockPublicAccess(t.Context(), &ec2.EnableImageBlockPublicAccessInput{ImageBlockPublicAccessState: types.ImageBlockPublicAccessEnabledStateBlockNewSharing})
	must(t, 0, err)
	refused(t, c.modify(&ec2.ModifyImageAttributeInput{ImageId: aws.String(ids[0]), LaunchPermission: all}), badRequest,
		"OperationNotPermitted", "You can\u2019t publicly share this image because block public access for AMIs is enabled for this account. To publicly share the image, you must call the DisableImageBlockPublicAccess API.")
	state, err := c.home.GetImageBlockPublicAccessState(t.Context(), &ec2.GetImageBlockPublicAccessStateInput{})
	if got := *must(t, state, err).ImageBlockPublicAccessState; got != "block-new-sharing" {
		t.Errorf("the state is %s", got)
	}
	_, err = c.home.DisableImageBlockPublicAccess(t.Context(), &ec2.DisableImageBlockPublicAccessInput{})
	must(t, 0, err)
	for _, id := range ids[:5] {
		must(t, 0, c.modify(&ec2.ModifyImageAttributeInput{ImageId: aws.String(id), LaunchPermission: all}))
	}
	if image := c.image(c.partner, ids[0]); !*image.Public {
		t.Error("a public image is not")
	}
	refused(t, c.modify(&ec2.ModifyImageAttributeInput{ImageId: aws.String(ids[5]), LaunchPermission: all}), badRequest,
		"ResourceLimitExceeded", "You have reached your quota of 5 for the number of public images allowed in this Region")
}

func TestModifySnapshotAttributeRefusals(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := aws.String(c.rootSnapshot(c.home, c.build("image")))
	modify := func(change *types.CreateVolumePermissionModifications) error {
		_, err := c.home.ModifySnapshotAttribute(t.Context(), &ec2.ModifySnapshotAttributeInput{SnapshotId: id, CreateVolumePermission: change})
		return err
	}
	one := []types.CreateVolumePermission{{UserId: aws.String(sandboxtest.Partner)}}
	refused(t, modify(&types.CreateVolumePermissionModifications{Add: one, Remove: one}), badRequest,
		"InvalidParameterCombination", "One and only one operation type may be specified for createVolumePermissions")
	many := make([]types.CreateVolumePermission, 0, 501)
	for n := range 501 {
		many = append(many, types.CreateVolumePermission{UserId: aws.String(strconv.Itoa(100000000000 + n))})
	}
	refused(t, modify(&types.CreateVolumePermissionModifications{Add: many}), badRequest, "InvalidParameterValue", "At most 500 permissions can be changed in one call")
	must(t, 0, modify(&types.CreateVolumePermissionModifications{Add: many[:500]}))
}
