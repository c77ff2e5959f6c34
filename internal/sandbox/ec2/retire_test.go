package ec2_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

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
	c.clock.Pass(25 * time.Hour)

	c.registerTwin(snapshot)
	out, err := c.home.DeregisterImage(t.Context(), in)
	results := must(t, out, err).DeleteSnapshotResults
	if len(results) != 1 || *results[0].SnapshotId != snapshot || results[0].ReturnCode != types.SnapshotReturnCodesWarnSkipped {
		t.Errorf("want the snapshot of another image skipped, got %+v", results)
	}
	_, err = c.home.DeregisterImage(t.Context(), in)
	refused(t, err, badRequest, "InvalidAMIID.Unavailable", "The image ID '"+id+"' is no longer available")
	if gone := c.images(c.home, &ec2.DescribeImagesInput{ImageIds: []string{id}}); len(gone) != 0 {
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
	now := c.clock.Now()
	refused(t, deprecate(now.Add(-time.Hour)), badRequest, "InvalidParameterValue", "The value for DeprecateAt, 2026-11-21T05:00:00.000Z, is in the past")
	refused(t, deprecate(now.AddDate(11, 0, 0)), badRequest, "InvalidParameterValue",
		"The value for DeprecateAt, 2037-11-21T06:00:00.000Z, is after the latest allowed, 2036-11-21T06:00:00.000Z")
	must(t, 0, deprecate(now.Add(time.Hour+40*time.Second)))
	if got := *c.image(c.home, id).DeprecationTime; got != "2026-11-21T07:01:00.000Z" {
		t.Errorf("deprecation at %s, want it rounded to the minute", got)
	}
	shared := func(client *ec2.Client, include bool) int {
		return len(c.images(client, &ec2.DescribeImagesInput{Owners: []string{sandboxtest.Home}, IncludeDeprecated: aws.Bool(include)}))
	}
	if shared(c.partner, false) != 1 {
		t.Error("hidden before its date")
	}
	c.clock.Pass(2 * time.Hour)
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
	if out := c.images(c.home, &ec2.DescribeImagesInput{Owners: []string{"self"}}); len(out) != 0 {
		t.Error("a disabled image is listed")
	}
	_, err = c.home.EnableImage(t.Context(), &ec2.EnableImageInput{ImageId: aws.String(id)})
	must(t, 0, err)
	if c.image(c.home, id).State != types.ImageStateAvailable {
		t.Error("not enabled")
	}
	if out := c.images(c.partner, &ec2.DescribeImagesInput{ImageIds: []string{id}}); len(out) != 0 {
		t.Error("the share came back")
	}
}

func TestFastLaunchIsForWindows(t *testing.T) {
	t.Parallel()
	c := start(t, slow)
	id := c.build("image")
	c.clock.Pass(time.Hour)
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
	c.clock.Pass(time.Hour)
	if got := states(); len(got) != 1 || got[0].State != types.FastLaunchStateCodeEnabled {
		t.Errorf("after an hour: %+v", got)
	}
	_, err = c.home.DisableFastLaunch(t.Context(), &ec2.DisableFastLaunchInput{ImageId: aws.String(id)})
	must(t, 0, err)
	if got := states(); len(got) != 1 || got[0].State != types.FastLaunchStateCodeDisabling {
		t.Errorf("after the end was asked for: %+v", got)
	}
	c.clock.Pass(time.Hour)
	if got := states(); len(got) != 0 {
		t.Errorf("at the end: %+v", got)
	}
}
