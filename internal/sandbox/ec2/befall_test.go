package ec2_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// lastFault is the fault in the log of the newest call.
func (c *cloud) lastFault() sandbox.CallRecord {
	c.t.Helper()
	calls := c.Calls()
	return calls[len(calls)-1]
}

// copyVendor copies a vendor's image from abroad.
func (c *cloud) copyVendor(name string) string {
	c.t.Helper()
	out, err := c.home.CopyImage(c.t.Context(), &ec2.CopyImageInput{
		Name: aws.String(name), SourceImageId: c.vendor(c.abroad).ImageId, SourceRegion: aws.String(there),
	})
	id := *must(c.t, out, err).ImageId
	return id
}

func TestWhatACallMakesIsNotVisibleForAWhile(t *testing.T) {
	t.Parallel()
	c := startPlanned(t, slow, `{"kind":"not-visible","for":"30s","when":{"action":"C*Image"},"times":1},{"kind":"not-visible","for":"10s","when":{"action":"RunInstances"}}`)
	id := c.copyVendor("late")
	if r := c.lastFault(); r.Fault != "not-visible" || r.Outcome != "OK" {
		t.Errorf("log %+v", r)
	}
	notFound := "The image id '[" + id + "]' does not exist"
	_, err := c.home.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{id}})
	refused(t, err, badRequest, "InvalidAMIID.NotFound", notFound)
	_, err = c.home.ModifyImageAttribute(t.Context(), &ec2.ModifyImageAttributeInput{ImageId: aws.String(id), Description: &types.AttributeValue{Value: aws.String("x")}})
	refused(t, err, badRequest, "InvalidAMIID.NotFound", notFound)
	_, err = c.home.CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{id}, Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
	refused(t, err, badRequest, "InvalidAMIID.NotFound", notFound)
	if own := c.images(c.home, &ec2.DescribeImagesInput{Owners: []string{"self"}}); len(own) != 0 {
		t.Errorf("a list shows %d images", len(own))
	}
	c.clock.Pass(29 * time.Second)
	_, err = c.home.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{id}})
	refused(t, err, badRequest, "InvalidAMIID.NotFound", notFound)
	c.clock.Pass(time.Second)
	if image := c.image(c.home, id); image.State != types.ImageStatePending {
		t.Errorf("state %s", image.State)
	}
	second := c.copyVendor("at once")
	c.image(c.home, second)

	run, err := c.home.RunInstances(t.Context(), &ec2.RunInstancesInput{
		ImageId: c.vendor(c.home).ImageId, InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
	})
	instance := *must(t, run, err).Instances[0].InstanceId
	_, err = c.home.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{instance}})
	refused(t, err, badRequest, "InvalidInstanceID.NotFound", "The instance ID '"+instance+"' does not exist")
	c.clock.Pass(10 * time.Second)
	_, err = c.home.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{instance}})
	if err != nil {
		t.Error(err)
	}
}

func TestAFaultThatHasNothingToBefallHasNotFired(t *testing.T) {
	t.Parallel()
	c := startPlanned(t, slow, `{"kind":"image-fails","times":1,"when":{"action":"CopyImage"}}`)
	_, err := c.home.CopyImage(t.Context(), &ec2.CopyImageInput{Name: aws.String("bad"), SourceImageId: aws.String("ami-0123456789abcdef0"), SourceRegion: aws.String(there)})
	refused(t, err, badRequest, "InvalidAMIID.NotFound", "The image id '[ami-0123456789abcdef0]' does not exist")
	if r := c.lastFault(); r.Fault != "" {
		t.Errorf("log %+v", r)
	}
	id := c.copyVendor("fails")
	c.clock.Pass(time.Hour)
	if image := c.image(c.home, id); image.State != types.ImageStateFailed {
		t.Errorf("the first image is spared: %s", image.State)
	}
}

func TestAnImageFlaps(t *testing.T) {
	t.Parallel()
	c := startPlanned(t, slow, `{"kind":"flapping","visible":"10s","gone":"20s","pending":"30s","cycles":2,"when":{"action":"C*Image"}}`)
	state := func(id string) types.ImageState {
		out, err := c.home.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{id}})
		if err != nil {
			refused(t, err, badRequest, "InvalidAMIID.NotFound", "The image id '["+id+"]' does not exist")
			return "gone"
		}
		return out.Images[0].State
	}
	// A copied image is ready at a time known from the start, one that is made of an
	// instance once its disk is taken.
	copied := c.copyVendor("copied")
	if got := state(copied); got != types.ImageStatePending {
		t.Errorf("before: %s", got)
	}
	c.clock.Pass(140 * time.Second)
	c.cycles(state, copied)
	built := c.build("built")
	c.clock.Pass(140 * time.Second)
	c.cycles(state, built)
}

// cycles expects two rounds of flapping and the end of it.
func (c *cloud) cycles(state func(string) types.ImageState, id string) {
	c.t.Helper()
	for _, step := range []struct {
		want types.ImageState
		pass time.Duration
	}{
		{"available", 10 * time.Second},
		{"gone", 20 * time.Second},
		{"pending", 30 * time.Second},
		{"available", 10 * time.Second},
		{"gone", 20 * time.Second},
		{"pending", 30 * time.Second},
		{"available", time.Hour},
		{"available", 0},
	} {
		if got := state(id); got != step.want {
			c.t.Errorf("%s: got %s, want %s", id, got, step.want)
		}
		c.clock.Pass(step.pass)
	}
}

func TestImagesAndSnapshotsFailLate(t *testing.T) {
	t.Parallel()
	c := startPlanned(t, slow, `{"kind":"image-fails","code":"Client.Odd","message":"It is odd.","when":{"action":"CopyImage","nth":1}},
		{"kind":"image-fails","when":{"action":"CreateImage"}},
		{"kind":"snapshot-fails","message":"Given key ID is not accessible","when":{"action":"C*","nth":"3-"}}`)
	first := c.copyVendor("first")
	built := c.build("built")
	wants := func(id, code, message string) {
		t.Helper()
		if image := c.image(c.home, id); image.State != types.ImageStateFailed || aws.ToString(image.StateReason.Code) != code || aws.ToString(image.StateReason.Message) != message {
			t.Errorf("%s: %s %+v", id, image.State, image.StateReason)
		}
	}
	if image := c.image(c.home, first); image.State != types.ImageStatePending || image.StateReason != nil {
		t.Errorf("fails late, and not at once: %s", image.State)
	}
	c.clock.Pass(time.Hour)
	wants(first, "Client.Odd", "It is odd.")
	wants(built, "Server.InternalError", "Server.InternalError: Internal error on image creation")

	source := aws.ToString(c.vendor(c.abroad).BlockDeviceMappings[0].Ebs.SnapshotId)
	out, err := c.home.CopySnapshot(t.Context(), &ec2.CopySnapshotInput{SourceRegion: aws.String(there), SourceSnapshotId: aws.String(source)})
	copied := *must(t, out, err).SnapshotId
	if s := c.snapshot(c.home, copied); s.State != types.SnapshotStatePending {
		t.Errorf("the copy: %s", s.State)
	}
	third := c.copyVendor("third")
	c.clock.Pass(time.Hour)
	if s := c.snapshot(c.home, copied); s.State != types.SnapshotStateError || aws.ToString(s.StateMessage) != "Given key ID is not accessible" {
		t.Errorf("the copy: %s %q", s.State, aws.ToString(s.StateMessage))
	}
	wants(third, "Client.InternalError", "Given key ID is not accessible")
}

func TestLaunchesDie(t *testing.T) {
	t.Parallel()
	c := startPlanned(t, world.Delays{}, `{"kind":"launch-dies","code":"Client.VolumeLimitExceeded","times":1},{"kind":"launch-dies","times":1},{"kind":"launch-dies","code":"Client.Odd","message":"It is odd."}`)
	for _, want := range []types.StateReason{
		{Code: aws.String("Client.VolumeLimitExceeded"), Message: aws.String("Client.VolumeLimitExceeded: Volume limit exceeded")},
		{Code: aws.String("Server.InternalError"), Message: aws.String("Server.InternalError: Internal error on launch")},
		{Code: aws.String("Client.Odd"), Message: aws.String("It is odd.")},
	} {
		run, err := c.home.RunInstances(t.Context(), &ec2.RunInstancesInput{
			ImageId: c.vendor(c.home).ImageId, InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		})
		i := must(t, run, err).Instances[0]
		if i.State.Name != types.InstanceStateNamePending {
			t.Errorf("accepted: %s", i.State.Name)
		}
		c.until("terminated", func() bool { return c.instanceState(*i.InstanceId) == types.InstanceStateNameTerminated })
		out, err := c.home.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{*i.InstanceId}})
		if r := must(t, out, err).Reservations[0].Instances[0].StateReason; *r.Code != *want.Code || *r.Message != *want.Message {
			t.Errorf("got %s %q", *r.Code, *r.Message)
		}
	}
	if asked := c.guests.log(); contains(asked, "start") {
		t.Errorf("a guest was started: %s", asked)
	}
}

func TestThereIsNoCapacity(t *testing.T) {
	t.Parallel()
	c := startPlanned(t, world.Delays{}, `{"kind":"no-capacity","zone":"us-east-1a"}`)
	launch := func(zone string) error {
		_, err := c.home.RunInstances(t.Context(), &ec2.RunInstancesInput{
			ImageId: c.vendor(c.home).ImageId, InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
			Placement: &types.Placement{AvailabilityZone: aws.String(zone)},
		})
		return err
	}
	refused(t, launch("us-east-1a"), http.StatusInternalServerError, "InsufficientInstanceCapacity",
		"We currently do not have sufficient t3.small capacity in the Availability Zone you requested (us-east-1a). Our system will be working on provisioning additional capacity. "+
			"You can currently get t3.small capacity by not specifying an Availability Zone in your request or choosing us-east-1b, us-east-1c, us-east-1d, us-east-1e, us-east-1f.")
	if r := c.lastFault(); r.Fault != "no-capacity" || r.Outcome != "InsufficientInstanceCapacity" {
		t.Errorf("log %+v", r)
	}
	if err := launch("us-east-1b"); err != nil {
		t.Errorf("another zone: %v", err)
	}

	template, err := c.home.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("t"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: c.vendor(c.home).ImageId, InstanceType: types.InstanceTypeT3Small},
	})
	fleet := func(zones ...string) *ec2.CreateFleetOutput {
		config := types.FleetLaunchTemplateConfigRequest{LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{
			LaunchTemplateId: must(t, template, err).LaunchTemplate.LaunchTemplateId, Version: aws.String("1"),
		}}
		for _, zone := range zones {
			config.Overrides = append(config.Overrides, types.FleetLaunchTemplateOverridesRequest{AvailabilityZone: aws.String(zone)})
		}
		out, err := c.home.CreateFleet(t.Context(), &ec2.CreateFleetInput{
			Type: types.FleetTypeInstant, LaunchTemplateConfigs: []types.FleetLaunchTemplateConfigRequest{config},
			TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{TotalTargetCapacity: aws.Int32(1), DefaultTargetCapacityType: types.DefaultTargetCapacityTypeOnDemand},
		})
		return must(t, out, err)
	}
	if out := fleet("us-east-1a"); len(out.Instances) != 0 || len(out.Errors) != 1 || *out.Errors[0].ErrorCode != "InsufficientInstanceCapacity" {
		t.Errorf("an error inside success: %+v", out)
	}
	if out := fleet("us-east-1a", "us-east-1b"); len(out.Instances) != 1 || len(out.Errors) != 1 {
		t.Errorf("the next zone: %+v", out)
	}
}

func TestSpotInstancesAreTakenBack(t *testing.T) {
	t.Parallel()
	c := startPlanned(t, world.Delays{}, `{"kind":"spot-loss","after":"50ms"}`)
	launch := func(market *types.InstanceMarketOptionsRequest) string {
		run, err := c.home.RunInstances(t.Context(), &ec2.RunInstancesInput{
			ImageId: c.vendor(c.home).ImageId, InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1), InstanceMarketOptions: market,
		})
		return *must(t, run, err).Instances[0].InstanceId
	}
	onDemand := launch(nil)
	if r := c.lastFault(); r.Fault != "" {
		t.Errorf("an On-Demand Instance stays: %+v", r)
	}
	id := launch(&types.InstanceMarketOptionsRequest{MarketType: types.MarketTypeSpot})
	if r := c.lastFault(); r.Fault != "spot-loss" {
		t.Errorf("log %+v", r)
	}
	c.until("the end of the Spot Instance", func() bool { return c.instanceState(id) == types.InstanceStateNameTerminated })
	out, err := c.home.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	i := must(t, out, err).Reservations[0].Instances[0]
	if *i.StateReason.Code != "Server.SpotInstanceTermination" {
		t.Errorf("reason %+v", i.StateReason)
	}
	requests, err := c.home.DescribeSpotInstanceRequests(t.Context(), &ec2.DescribeSpotInstanceRequestsInput{SpotInstanceRequestIds: []string{*i.SpotInstanceRequestId}})
	if r := must(t, requests, err).SpotInstanceRequests[0]; r.State != types.SpotInstanceStateClosed || *r.Status.Code != "instance-terminated-no-capacity" {
		t.Errorf("request %s %s", r.State, *r.Status.Code)
	}
	if c.instanceState(onDemand) != types.InstanceStateNameRunning {
		t.Error("the On-Demand Instance was taken")
	}
}

func TestALostAnswerLeavesATwin(t *testing.T) {
	t.Parallel()
	c := startPlanned(t, world.Delays{}, `{"kind":"lost-answer","when":{"action":"CopySnapshot"},"times":1},{"kind":"not-visible","for":"30s","when":{"action":"CopySnapshot"},"times":1}`)
	source := c.vendor(c.home).BlockDeviceMappings[0].Ebs.SnapshotId
	snapshots := func() int {
		out, err := c.home.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{OwnerIds: []string{sandboxtest.Home}})
		return len(must(t, out, err).Snapshots)
	}
	if _, err := c.home.CopySnapshot(t.Context(), &ec2.CopySnapshotInput{SourceRegion: aws.String(here), SourceSnapshotId: source}); err == nil {
		t.Fatal("the answer came")
	}
	if r := c.lastFault(); r.Fault != "lost-answer+not-visible" || !r.Applied || snapshots() != 0 {
		t.Errorf("log %+v, %d snapshots", r, snapshots())
	}
	if _, err := c.home.CopySnapshot(t.Context(), &ec2.CopySnapshotInput{SourceRegion: aws.String(here), SourceSnapshotId: source}); err != nil {
		t.Fatal(err)
	}
	c.clock.Pass(time.Minute)
	if n := snapshots(); n != 2 {
		t.Errorf("%d snapshots, want the twin too", n)
	}
}
