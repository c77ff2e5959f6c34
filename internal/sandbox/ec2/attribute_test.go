package ec2_test

import (
	"strconv"
	"testing"
	"time"

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
	err = c.modify(&ec2.ModifyImageAttributeInput{ImageId: id, LaunchPermission: add(types.LaunchPermission{UserId: aws.String("123 ")})})
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
	refused(t, err, badRequest, "InvalidAMIAttributeItemValue", `Invalid attribute item value "o-abcdefghij" for organizationArn item type.`)
}

func TestEncryptedWithAnAWSManagedKeyIsNotShared(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.encryptedImage("alias/aws/ebs")
	err := c.modify(&ec2.ModifyImageAttributeInput{ImageId: aws.String(id), LaunchPermission: add(types.LaunchPermission{UserId: aws.String(sandboxtest.Partner)})})
	refused(t, err, badRequest, "InvalidParameter", "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot.")
	_, err = c.home.ModifySnapshotAttribute(t.Context(), &ec2.ModifySnapshotAttributeInput{
		SnapshotId: aws.String(c.rootSnapshot(c.home, id)), OperationType: types.OperationTypeAdd, UserIds: []string{sandboxtest.Partner},
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
	var ids []string
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
		"InvalidParameterCombination", "The parameters add and remove cannot be used together")
	var many []types.CreateVolumePermission
	for n := range 501 {
		many = append(many, types.CreateVolumePermission{UserId: aws.String(strconv.Itoa(100000000000 + n))})
	}
	refused(t, modify(&types.CreateVolumePermissionModifications{Add: many}), badRequest, "InvalidParameterValue", "At most 500 permissions can be changed in one call")
	must(t, 0, modify(&types.CreateVolumePermissionModifications{Add: many[:500]}))
}

func TestDeregisterImage(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.build("image")
	snapshot := c.rootSnapshot(c.home, id)
	in := &ec2.DeregisterImageInput{ImageId: aws.String(id), DeleteAssociatedSnapshots: aws.Bool(true)}
	_, err := c.partner.DeregisterImage(t.Context(), in)
	refused(t, err, badRequest, "AuthFailure", "Not authorized for image:"+id)

	_, err = c.home.EnableImageDeregistrationProtection(t.Context(), &ec2.EnableImageDeregistrationProtectionInput{ImageId: aws.String(id), WithCooldown: aws.Bool(true)})
	must(t, 0, err)
	if got := *c.image(c.home, id).DeregistrationProtection; got != "enabled-with-cooldown" {
		t.Errorf("protection: %s", got)
	}
	_, err = c.home.DeregisterImage(t.Context(), in)
	refused(t, err, badRequest, "OperationNotPermitted", "The image "+id+" is protected from deregistration. Disable deregistration protection first.")
	_, err = c.home.DisableImageDeregistrationProtection(t.Context(), &ec2.DisableImageDeregistrationProtectionInput{ImageId: aws.String(id)})
	must(t, 0, err)
	_, err = c.home.DeregisterImage(t.Context(), in)
	refused(t, err, badRequest, "OperationNotPermitted", "The image "+id+" is protected from deregistration until 2026-11-22T06:00:00.000Z, when the cooldown ends.")
	c.clock.pass(25 * time.Hour)

	c.registerTwin(snapshot)
	out, err := c.home.DeregisterImage(t.Context(), in)
	results := must(t, out, err).DeleteSnapshotResults
	if len(results) != 1 || *results[0].SnapshotId != snapshot || results[0].ReturnCode != types.SnapshotReturnCodesWarnSkipped {
		t.Errorf("want the snapshot of another image skipped, got %+v", results)
	}
	_, err = c.home.DeregisterImage(t.Context(), in)
	refused(t, err, badRequest, "InvalidAMIID.Unavailable", "The image ID '"+id+"' is no longer available")
	if gone := must2(t)(c.home.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{id}})); len(gone.Images) != 0 {
		t.Error("a deregistered image is described")
	}
	c.build("image") // its name is free
}

// registerTwin makes a second image of a snapshot.
func (c *cloud) registerTwin(snapshot string) {
	c.t.Helper()
	out, err := c.home.RegisterImage(c.t.Context(), &ec2.RegisterImageInput{
		Name: aws.String("twin"), RootDeviceName: aws.String("/dev/xvda"),
		BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{SnapshotId: aws.String(snapshot)}}},
	})
	must(c.t, out, err)
}

func TestDeregisterImageDropsTheDiskOnlyWhenNobodyHoldsIt(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.build("image")
	other := c.copyTo(c.abroad, id)
	deregister := func(client *ec2.Client, id string) {
		out, err := client.DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: aws.String(id), DeleteAssociatedSnapshots: aws.Bool(true)})
		if r := must(t, out, err).DeleteSnapshotResults; len(r) != 1 || r[0].ReturnCode != types.SnapshotReturnCodesSuccess {
			t.Errorf("results: %+v", r)
		}
	}
	deregister(c.home, id)
	if c.guests.held() != 1 {
		t.Error("the copy lost its disk")
	}
	deregister(c.abroad, other)
	c.until("the disk's end", func() bool { return c.guests.held() == 0 })
}

func TestDeprecationHidesFromOthers(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.build("image")
	share(t, c, id, types.LaunchPermission{UserId: aws.String(sandboxtest.Partner)})
	deprecate := func(at time.Time) error {
		_, err := c.home.EnableImageDeprecation(t.Context(), &ec2.EnableImageDeprecationInput{ImageId: aws.String(id), DeprecateAt: aws.Time(at)})
		return err
	}
	now := c.clock.now()
	refused(t, deprecate(now.Add(-time.Hour)), badRequest, "InvalidParameterValue", "The value for DeprecateAt, 2026-11-21T05:00:00.000Z, is in the past")
	refused(t, deprecate(now.AddDate(11, 0, 0)), badRequest, "InvalidParameterValue",
		"The value for DeprecateAt, 2037-11-21T06:00:00.000Z, is after the latest allowed, 2036-11-21T06:00:00.000Z")
	must(t, 0, deprecate(now.Add(time.Hour+40*time.Second)))
	if got := *c.image(c.home, id).DeprecationTime; got != "2026-11-21T07:01:00.000Z" {
		t.Errorf("deprecation at %s, want it rounded to the minute", got)
	}
	shared := func(client *ec2.Client, include bool) int {
		return len(must2(t)(client.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{sandboxtest.Home}, IncludeDeprecated: aws.Bool(include)})).Images)
	}
	if shared(c.partner, false) != 1 {
		t.Error("hidden before its date")
	}
	c.clock.pass(2 * time.Hour)
	if shared(c.partner, false) != 0 || shared(c.partner, true) != 1 || shared(c.home, false) != 1 {
		t.Error("a deprecated image is to be hidden from others alone, unless asked for")
	}
	_, err := c.home.DisableImageDeprecation(t.Context(), &ec2.DisableImageDeprecationInput{ImageId: aws.String(id)})
	must(t, 0, err)
	if c.image(c.home, id).DeprecationTime != nil || shared(c.partner, false) != 1 {
		t.Error("the deprecation was not taken back")
	}
}

func TestDisableImage(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.build("image")
	share(t, c, id, types.LaunchPermission{UserId: aws.String(sandboxtest.Partner)})
	_, err := c.home.DisableImage(t.Context(), &ec2.DisableImageInput{ImageId: aws.String(id)})
	must(t, 0, err)
	if c.image(c.home, id).State != types.ImageStateDisabled {
		t.Error("not disabled")
	}
	if out := must2(t)(c.home.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"self"}})); len(out.Images) != 0 {
		t.Error("a disabled image is listed")
	}
	_, err = c.home.EnableImage(t.Context(), &ec2.EnableImageInput{ImageId: aws.String(id)})
	must(t, 0, err)
	if c.image(c.home, id).State != types.ImageStateAvailable {
		t.Error("not enabled")
	}
	if out := must2(t)(c.partner.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{id}})); len(out.Images) != 0 {
		t.Error("the share came back")
	}
}

func TestFastLaunchIsForWindows(t *testing.T) {
	t.Parallel()
	c := start(t, slow)
	id := c.build("image")
	c.clock.pass(time.Hour)
	enable := func(in ec2.EnableFastLaunchInput) (*ec2.EnableFastLaunchOutput, error) {
		in.ImageId = aws.String(id)
		return c.home.EnableFastLaunch(t.Context(), &in)
	}
	_, err := enable(ec2.EnableFastLaunchInput{})
	refused(t, err, badRequest, "InvalidParameterValue", "The image "+id+" is not a Windows image. Fast launch supports Windows images only.")
	c.World().Do(func() { c.World().KnownImage(here, id).Platform = "windows" })
	_, err = enable(ec2.EnableFastLaunchInput{MaxParallelLaunches: aws.Int32(5)})
	refused(t, err, badRequest, "InvalidParameterValue", "Invalid value '5' for MaxParallelLaunches. Expecting a value of 6 or more.")
	out, err := enable(ec2.EnableFastLaunchInput{SnapshotConfiguration: &types.FastLaunchSnapshotConfigurationRequest{TargetResourceCount: aws.Int32(7)}})
	if got := must(t, out, err); got.State != types.FastLaunchStateCodeEnabling || *got.MaxParallelLaunches != 6 || *got.SnapshotConfiguration.TargetResourceCount != 7 {
		t.Errorf("fast launch: %+v", got)
	}
	states := func() []types.DescribeFastLaunchImagesSuccessItem {
		out, err := c.home.DescribeFastLaunchImages(t.Context(), &ec2.DescribeFastLaunchImagesInput{ImageIds: []string{id}})
		return must(t, out, err).FastLaunchImages
	}
	c.clock.pass(time.Hour)
	if got := states(); len(got) != 1 || got[0].State != types.FastLaunchStateCodeEnabled {
		t.Errorf("after an hour: %+v", got)
	}
	_, err = c.home.DisableFastLaunch(t.Context(), &ec2.DisableFastLaunchInput{ImageId: aws.String(id)})
	must(t, 0, err)
	if got := states(); len(got) != 1 || got[0].State != types.FastLaunchStateCodeDisabling {
		t.Errorf("after the end was asked for: %+v", got)
	}
	c.clock.pass(time.Hour)
	if got := states(); len(got) != 0 {
		t.Errorf("at the end: %+v", got)
	}
}
