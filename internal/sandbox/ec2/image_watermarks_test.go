package ec2_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func (c *cloud) attach(client *ec2.Client, image, name string) (string, error) {
	out, err := client.AttachImageWatermark(c.t.Context(), &ec2.AttachImageWatermarkInput{ImageId: aws.String(image), WatermarkName: aws.String(name)})
	if err != nil {
		return "", err
	}
	return *out.WatermarkKey, nil
}

func TestWatermarksGoAlongWithCopiesAndDerivedImages(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.build("base")
	made := c.clock.Now()
	c.clock.Pass(time.Minute)
	key, err := c.attach(c.home, id, "approved v1")
	if must(t, key, err) != "123456789012:approved v1" {
		t.Errorf("the key is %q", key)
	}
	for range 2 { // a second time changes nothing
		_, err = c.attach(c.home, id, "approved v1")
		must(t, 0, err)
		c.clock.Pass(time.Minute)
	}
	copied, err := c.abroad.CopyImage(t.Context(), &ec2.CopyImageInput{Name: aws.String("copy"), SourceImageId: aws.String(id), SourceRegion: aws.String(here)})
	must(t, 0, err)
	run, err := c.home.RunInstances(t.Context(), &ec2.RunInstancesInput{ImageId: aws.String(id), InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1)})
	instance := *must(t, run, err).Instances[0].InstanceId
	c.until("running", func() bool { return c.instanceState(instance) == types.InstanceStateNameRunning })
	child, err := c.home.CreateImage(t.Context(), &ec2.CreateImageInput{InstanceId: aws.String(instance), Name: aws.String("child")})
	must(t, 0, err)
	for client, image := range map[*ec2.Client]string{c.home: *child.ImageId, c.abroad: *copied.ImageId} {
		marks := c.image(client, image).ImageWatermarks
		if len(marks) != 1 || *marks[0].WatermarkKey != key || *marks[0].SourceImageId != id || *marks[0].SourceImageRegion != here ||
			!marks[0].WatermarkCreationTime.Equal(made.Add(time.Minute)) || !marks[0].SourceImageCreationTime.Equal(made) {
			t.Errorf("the marks of %s: %+v", image, marks)
		}
		found := c.images(client, &ec2.DescribeImagesInput{Owners: []string{"self"}, Filters: []types.Filter{filter("image-watermark.watermark-key", "123456789012:appr*")}})
		if len(found) == 0 {
			t.Error("the filter finds no marked image")
		}
	}
	for range 2 { // taking off is no mistake the second time
		_, err = c.home.DetachImageWatermark(t.Context(), &ec2.DetachImageWatermarkInput{ImageId: aws.String(id), WatermarkKey: aws.String(key)})
		must(t, 0, err)
	}
	if n := len(c.image(c.home, id).ImageWatermarks); n != 0 {
		t.Errorf("%d marks are left", n)
	}
	if n := len(c.image(c.home, *child.ImageId).ImageWatermarks); n != 1 {
		t.Errorf("the derived image has %d marks", n)
	}
}

func TestWatermarkRefusals(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.build("base")
	share(t, c, id, types.LaunchPermission{UserId: aws.String(sandboxtest.Partner)})
	_, err := c.attach(c.partner, id, "mine")
	refused(t, err, badRequest, "AuthFailure", "Not authorized for image:"+id)
	_, err = c.attach(c.home, id, "a:b")
	refused(t, err, badRequest, "InvalidParameterValue", "Invalid value 'a:b' for WatermarkName.")
	for n := range 5 {
		_, err = c.attach(c.home, id, fmt.Sprintf("mark-%d", n))
		must(t, 0, err)
	}
	_, err = c.attach(c.home, id, "mark-6")
	refused(t, err, badRequest, "ResourceLimitExceeded", "You have reached the limit of 5 watermarks for the image "+id+".")
	publish := func(id string) error {
		_, err := c.home.ModifyImageAttribute(t.Context(), &ec2.ModifyImageAttributeInput{
			ImageId: aws.String(id), LaunchPermission: &types.LaunchPermissionModifications{Add: []types.LaunchPermission{{Group: types.PermissionGroupAll}}},
		})
		return err
	}
	refused(t, publish(id), badRequest, "OperationNotPermitted", "Images with watermarks can't be shared publicly. Detach the watermarks of "+id+" first.")
	public := c.build("public")
	must(t, 0, publish(public))
	_, err = c.attach(c.home, public, "late")
	refused(t, err, badRequest, "OperationNotPermitted", "Watermarks can't be attached to the public image "+public+".")
}

func TestImageAncestry(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	vendor := *c.vendor(c.home).ImageId
	id := c.build("base")
	out, err := c.abroad.CopyImage(t.Context(), &ec2.CopyImageInput{Name: aws.String("copy"), SourceImageId: aws.String(id), SourceRegion: aws.String(here)})
	must(t, 0, err)
	_, err = c.home.DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: aws.String(id)})
	must(t, 0, err)
	ancestry := func(client *ec2.Client, id string) []types.ImageAncestryEntry {
		out, err := client.GetImageAncestry(t.Context(), &ec2.GetImageAncestryInput{ImageId: aws.String(id)})
		return must(t, out, err).ImageAncestryEntries
	}
	chain := ancestry(c.abroad, *out.ImageId)
	if len(chain) != 3 || *chain[0].ImageId != *out.ImageId || *chain[0].SourceImageId != id || *chain[0].SourceImageRegion != here ||
		*chain[1].ImageId != id || *chain[1].SourceImageId != vendor || *chain[2].ImageId != vendor || aws.ToString(chain[2].ImageOwnerAlias) != "amazon" || chain[2].SourceImageId != nil {
		t.Errorf("the chain: %+v", chain)
	}
	snapshot := c.rootSnapshot(c.abroad, *out.ImageId)
	registered, err := c.abroad.RegisterImage(t.Context(), &ec2.RegisterImageInput{
		Name: aws.String("root"), RootDeviceName: aws.String("/dev/xvda"), Architecture: types.ArchitectureValuesX8664, VirtualizationType: aws.String("hvm"),
		BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{SnapshotId: aws.String(snapshot)}}},
	})
	must(t, 0, err)
	if chain := ancestry(c.abroad, *registered.ImageId); len(chain) != 1 || chain[0].SourceImageId != nil {
		t.Errorf("a registered image has ancestors: %+v", chain)
	}
	_, err = c.home.GetImageAncestry(t.Context(), &ec2.GetImageAncestryInput{ImageId: aws.String(id)})
	refused(t, err, badRequest, "InvalidAMIID.NotFound", "The image id '["+id+"]' does not exist")
}

func TestImageAncestryEndsAfterFifty(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.build("image 0")
	for n := range 60 {
		out, err := c.home.CopyImage(t.Context(), &ec2.CopyImageInput{Name: aws.String(fmt.Sprintf("image %d", n)), SourceImageId: aws.String(id), SourceRegion: aws.String(here)})
		id = *must(t, out, err).ImageId
	}
	out, err := c.home.GetImageAncestry(t.Context(), &ec2.GetImageAncestryInput{ImageId: aws.String(id)})
	if n := len(must(t, out, err).ImageAncestryEntries); n != 51 {
		t.Errorf("want the image and 50 ancestors, got %d entries", n)
	}
}
