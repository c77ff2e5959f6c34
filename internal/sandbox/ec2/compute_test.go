package ec2_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

const home = "us-east-1"

// wantRefused checks code, HTTP status and a part of the message of a refusal.
func wantRefused(t *testing.T, err error, status int, code, message string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), message) {
		t.Errorf("got %v, want %s with %q", err, code, message)
		return
	}
	var answer *awshttp.ResponseError
	if !errors.As(err, &answer) || answer.HTTPStatusCode() != status || answer.RequestID == "" {
		t.Errorf("%s: got %+v, want HTTP status %d and a request id", code, answer, status)
	}
}

func debian(t *testing.T, c *ec2.Client) string {
	t.Helper()
	out, err := c.DescribeImages(context.Background(), &ec2.DescribeImagesInput{
		Owners: []string{"136693071363"}, Filters: []types.Filter{{Name: aws.String("name"), Values: []string{"debian-12-*"}}},
	})
	if err != nil || len(out.Images) != 1 {
		t.Fatalf("find the vendor's image: %v, %v", out, err)
	}
	return *out.Images[0].ImageId
}

func launch(t *testing.T, c *ec2.Client, change func(*ec2.RunInstancesInput)) (*ec2.RunInstancesOutput, error) {
	t.Helper()
	in := &ec2.RunInstancesInput{
		ImageId: aws.String(debian(t, c)), InstanceType: types.InstanceTypeT3Micro, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		ClientToken: aws.String("token-" + t.Name()),
	}
	if change != nil {
		change(in)
	}
	return c.RunInstances(context.Background(), in)
}

func waitState(t *testing.T, c *ec2.Client, id string, want types.InstanceStateName) types.Instance {
	t.Helper()
	for range 500 {
		out, err := c.DescribeInstances(context.Background(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
		if err != nil {
			t.Fatal(err)
		}
		i := out.Reservations[0].Instances[0]
		if i.State.Name == want {
			return i
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("%s never became %s", id, want)
	return types.Instance{}
}

func TestInstanceLivesThroughItsStates(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	c := s.EC2(sandboxtest.Home, home)
	out, err := launch(t, c, func(in *ec2.RunInstancesInput) {
		in.TagSpecifications = []types.TagSpecification{
			{ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}},
			{ResourceType: types.ResourceTypeVolume, Tags: []types.Tag{{Key: aws.String("v"), Value: aws.String("w")}}},
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	id := *out.Instances[0].InstanceId
	i := waitState(t, c, id, types.InstanceStateNameRunning)
	if aws.ToString(i.PublicIpAddress) == "" || len(i.BlockDeviceMappings) != 1 || *i.Tags[0].Value != "b" || i.MetadataOptions.HttpTokens != types.HttpTokensStateRequired {
		t.Errorf("running: %+v", i)
	}
	volumeID := *i.BlockDeviceMappings[0].Ebs.VolumeId
	if _, err := c.StopInstances(context.Background(), &ec2.StopInstancesInput{InstanceIds: []string{id}}); err != nil {
		t.Fatal(err)
	}
	i = waitState(t, c, id, types.InstanceStateNameStopped)
	if i.PublicIpAddress != nil || *i.StateReason.Code != "Client.UserInitiatedShutdown" {
		t.Errorf("stopped: %+v", i)
	}
	if _, err := c.StartInstances(context.Background(), &ec2.StartInstancesInput{InstanceIds: []string{id}}); err != nil {
		t.Fatal(err)
	}
	waitState(t, c, id, types.InstanceStateNameRunning)
	if _, err := c.TerminateInstances(context.Background(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}}); err != nil {
		t.Fatal(err)
	}
	i = waitState(t, c, id, types.InstanceStateNameTerminated)
	if i.PrivateIpAddress != nil || len(i.BlockDeviceMappings) != 0 {
		t.Errorf("terminated: %+v", i)
	}
	volumes, err := c.DescribeVolumes(context.Background(), &ec2.DescribeVolumesInput{Filters: []types.Filter{{Name: aws.String("volume-id"), Values: []string{volumeID}}}})
	if err != nil || len(volumes.Volumes) != 0 {
		t.Errorf("the root volume outlived its instance: %v, %v", volumes, err)
	}
	_, err = c.StartInstances(context.Background(), &ec2.StartInstancesInput{InstanceIds: []string{id}})
	wantRefused(t, err, http.StatusBadRequest, "IncorrectInstanceState", "is not in a state from which it can be started")
}

func TestRunInstancesIsIdempotentByToken(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	c := s.EC2(sandboxtest.Home, home)
	one, err := launch(t, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	two, err := launch(t, c, nil)
	if err != nil || *one.Instances[0].InstanceId != *two.Instances[0].InstanceId {
		t.Errorf("the same call made another instance: %v, %v", two, err)
	}
	_, err = launch(t, c, func(in *ec2.RunInstancesInput) { in.InstanceType = types.InstanceTypeT3Small })
	wantRefused(t, err, http.StatusBadRequest, "IdempotentParameterMismatch", "")
}

func TestRunInstancesRefuses(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	c := s.EC2(sandboxtest.Home, home)
	for name, tc := range map[string]struct {
		change        func(*ec2.RunInstancesInput)
		code, message string
	}{
		"no image":     {func(in *ec2.RunInstancesInput) { in.ImageId = aws.String("ami-0123456789abcdef0") }, "InvalidAMIID.NotFound", "The image id '[ami-0123456789abcdef0]' does not exist"},
		"bad image id": {func(in *ec2.RunInstancesInput) { in.ImageId = aws.String("x") }, "InvalidAMIID.Malformed", "Invalid id"},
		"no key":       {func(in *ec2.RunInstancesInput) { in.KeyName = aws.String("k") }, "InvalidKeyPair.NotFound", "The key pair 'k' does not exist"},
		"no subnet":    {func(in *ec2.RunInstancesInput) { in.SubnetId = aws.String("subnet-1") }, "InvalidSubnetID.NotFound", "'subnet-1' does not exist"},
		"no group":     {func(in *ec2.RunInstancesInput) { in.SecurityGroupIds = []string{"sg-1"} }, "InvalidGroup.NotFound", "'sg-1' does not exist"},
		"architecture": {func(in *ec2.RunInstancesInput) { in.InstanceType = types.InstanceTypeM6gLarge }, "InvalidParameterValue", "does not match the architecture"},
		"no profile": {func(in *ec2.RunInstancesInput) {
			in.IamInstanceProfile = &types.IamInstanceProfileSpecification{Name: aws.String("p")}
		}, "InvalidParameterValue", "Invalid IAM Instance Profile name"},
		"big user data": {func(in *ec2.RunInstancesInput) {
			in.UserData = aws.String(base64.StdEncoding.EncodeToString(make([]byte, 16385)))
		}, "InvalidParameterValue", "limited to 16384 bytes"},
		"small volume": {func(in *ec2.RunInstancesInput) {
			in.BlockDeviceMappings = []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{VolumeSize: aws.Int32(1)}}}
		}, "InvalidBlockDeviceMapping", "is smaller than snapshot"},
		"reserved tag": {func(in *ec2.RunInstancesInput) {
			in.TagSpecifications = []types.TagSpecification{{ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("")}}}}
		}, "InvalidParameterValue", "reserved"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := launch(t, c, tc.change)
			wantRefused(t, err, http.StatusBadRequest, tc.code, tc.message)
		})
	}
	_, err := launch(t, c, func(in *ec2.RunInstancesInput) { in.DryRun = aws.Bool(true) })
	wantRefused(t, err, http.StatusPreconditionFailed, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
}

func TestInstantFleetLaunchesFromItsTemplate(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	c := s.EC2(sandboxtest.Home, home)
	_, err := c.CreateLaunchTemplate(context.Background(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("lt"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String(debian(t, c))},
	})
	if err != nil {
		t.Fatal(err)
	}
	fleet := func(kind types.InstanceType) *ec2.CreateFleetOutput {
		out, err := c.CreateFleet(context.Background(), &ec2.CreateFleetInput{
			Type: types.FleetTypeInstant, TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{
				TotalTargetCapacity: aws.Int32(1), DefaultTargetCapacityType: types.DefaultTargetCapacityTypeSpot,
			},
			LaunchTemplateConfigs: []types.FleetLaunchTemplateConfigRequest{{
				LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{LaunchTemplateName: aws.String("lt"), Version: aws.String("1")},
				Overrides:                   []types.FleetLaunchTemplateOverridesRequest{{InstanceType: kind}},
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	good := fleet(types.InstanceTypeT3Micro)
	if len(good.Instances) != 1 || len(good.Errors) != 0 {
		t.Fatalf("got %+v", good)
	}
	i := waitState(t, c, good.Instances[0].InstanceIds[0], types.InstanceStateNameRunning)
	if i.InstanceLifecycle != types.InstanceLifecycleTypeSpot {
		t.Errorf("lifecycle %s", i.InstanceLifecycle)
	}
	_, err = c.StopInstances(context.Background(), &ec2.StopInstancesInput{InstanceIds: good.Instances[0].InstanceIds})
	wantRefused(t, err, http.StatusBadRequest, "UnsupportedOperation", "one-time Spot Instance request")
	bad := fleet(types.InstanceTypeM6gLarge)
	if len(bad.Instances) != 0 || len(bad.Errors) != 1 || *bad.Errors[0].ErrorCode != "InvalidParameterValue" {
		t.Errorf("a launch that is refused must be an error inside the answer: %+v", bad)
	}
}

func TestLaunchWithAKeyThatCannotBeUsedDiesLater(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	c := s.EC2(sandboxtest.Home, home)
	out, err := launch(t, c, func(in *ec2.RunInstancesInput) {
		in.BlockDeviceMappings = []types.BlockDeviceMapping{{
			DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{Encrypted: aws.Bool(true), KmsKeyId: aws.String("alias/none")},
		}}
	})
	if err != nil {
		t.Fatalf("EC2 accepts the launch: %v", err)
	}
	i := waitState(t, c, *out.Instances[0].InstanceId, types.InstanceStateNameTerminated)
	if *i.StateReason.Code != "Client.InternalError" || *i.StateReason.Message != "Client.InternalError: Client error on launch" {
		t.Errorf("reason %+v", i.StateReason)
	}
}

// TestTerminationDoesNotWaitForTheBoot: EC2 ends an instance that is pending at once.
func TestTerminationDoesNotWaitForTheBoot(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{Delays: world.Delays{Boot: world.Duration(time.Hour)}})
	api := s.EC2(sandboxtest.Home, "us-east-1")
	images, err := api.DescribeImages(t.Context(), &ec2.DescribeImagesInput{
		Owners: []string{"137112412989"}, Filters: []types.Filter{{Name: aws.String("architecture"), Values: []string{"x86_64"}}},
	})
	must(t, images, err)
	out, err := api.RunInstances(t.Context(), &ec2.RunInstancesInput{
		ImageId: images.Images[0].ImageId, InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
	})
	ids := []string{*must(t, out, err).Instances[0].InstanceId}
	ended, err := api.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: ids})
	if was := must(t, ended, err).TerminatingInstances[0].PreviousState.Name; was != types.InstanceStateNamePending {
		t.Fatalf("it was %s", was)
	}
	waiter := ec2.NewInstanceTerminatedWaiter(api, func(o *ec2.InstanceTerminatedWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, 10*time.Millisecond
	})
	must(t, 0, waiter.Wait(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: ids}, time.Minute))
}
