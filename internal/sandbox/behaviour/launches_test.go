package behaviour_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// launchTests are about images and instances that fail late, or go away.
var launchTests = map[int]func(t *testing.T){
	27: testFlapping, 35: testImageFails, 37: testLaunchDies, 38: testNoCapacity, 39: testFleetErrors, 40: testSpotLoss, 52: testPassword,
}

func testFlapping(t *testing.T) {
	r := start(t, plan(t, `{"kind":"flapping","visible":"10s","gone":"10s","pending":"10s","when":{"action":"RegisterImage"}}`))
	id, err := r.register("golden")
	must(t, id, err)
	if got := r.imageIn(home, id).State; got != types.ImageStateAvailable {
		t.Errorf("at first it is %s", got)
	}
	r.clock.Pass(11 * time.Second)
	_, err = r.own().DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{id}})
	r.refused(27, 0, err, "image", id)
	r.clock.Pass(10 * time.Second)
	if got := r.imageIn(home, id).State; got != types.ImageStatePending {
		t.Errorf("then it is %s", got)
	}
	r.clock.Pass(10 * time.Second)
	if got := r.imageIn(home, id).State; got != types.ImageStateAvailable {
		t.Errorf("in the end it is %s", got)
	}
}

func testImageFails(t *testing.T) {
	r := start(t, plan(t, `{"kind":"image-fails","code":"Server.InternalError","message":"the reason","when":{"action":"RegisterImage"}}`))
	id, err := r.register("golden")
	must(t, id, err)
	r.clock.Pass(time.Hour)
	if got := r.imageIn(home, id); got.State != types.ImageStateFailed || got.StateReason == nil ||
		*got.StateReason.Code != "Server.InternalError" || *got.StateReason.Message != "the reason" {
		t.Errorf("the image: %s, %+v", got.State, got.StateReason)
	}
	foreign := r.key(home) // of another Region than the copy: accepted, and fails later
	late, err := r.copied(*r.debian().ImageId, "copy", func(in *ec2.CopyImageInput) { in.Encrypted, in.KmsKeyId = aws.Bool(true), &foreign })
	must(t, late, err)
	r.clock.Pass(time.Hour)
	if got := r.imageIn(away, late); got.State != types.ImageStateFailed || got.StateReason == nil || *got.StateReason.Message == "" {
		t.Errorf("the copy: %s, %+v", got.State, got.StateReason)
	}
}

func testLaunchDies(t *testing.T) {
	r := start(t, plan(t, `{"kind":"launch-dies","code":"Client.VolumeLimitExceeded","message":"Volume limit exceeded","when":{"action":"RunInstances","nth":1}}`))
	if got := r.run(); got.State.Name != types.InstanceStateNameTerminated || *got.StateReason.Code != "Client.VolumeLimitExceeded" {
		t.Errorf("%s, %+v", got.State.Name, got.StateReason)
	}
	key := "arn:aws:kms:us-east-1:" + sandboxtest.Home + ":key/00000000-0000-0000-0000-000000000000"
	got := r.run(func(in *ec2.RunInstancesInput) {
		in.BlockDeviceMappings = []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{Encrypted: aws.Bool(true), KmsKeyId: &key}}}
	})
	if got.State.Name != types.InstanceStateNameTerminated || *got.StateReason.Message != "Client.InternalError: Client error on launch" {
		t.Errorf("a launch with a key that does not exist: %s, %+v", got.State.Name, got.StateReason)
	}
}

func testNoCapacity(t *testing.T) {
	r := start(t, plan(t, `{"kind":"no-capacity","zone":"us-east-1a"}`))
	_, err := r.own().RunInstances(t.Context(), &ec2.RunInstancesInput{
		ImageId: r.debian().ImageId, InstanceType: "m5.large", MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		Placement: &types.Placement{AvailabilityZone: aws.String("us-east-1a")},
	})
	r.refused(38, 0, err, "type", "m5.large", "zone", "us-east-1a")
}

// template makes a launch template for a fleet.
func (r *rig) template() *types.FleetLaunchTemplateSpecificationRequest {
	r.t.Helper()
	out, err := r.own().CreateLaunchTemplate(r.t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("lt"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: r.debian().ImageId, InstanceType: "m5.large"},
	})
	return &types.FleetLaunchTemplateSpecificationRequest{LaunchTemplateId: must(r.t, out, err).LaunchTemplate.LaunchTemplateId, Version: aws.String("1")}
}

func (r *rig) fleet(kind types.DefaultTargetCapacityType) *ec2.CreateFleetOutput {
	r.t.Helper()
	out, err := r.own().CreateFleet(r.t.Context(), &ec2.CreateFleetInput{
		Type: types.FleetTypeInstant, TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{TotalTargetCapacity: aws.Int32(1), DefaultTargetCapacityType: kind},
		LaunchTemplateConfigs: []types.FleetLaunchTemplateConfigRequest{{LaunchTemplateSpecification: r.template()}},
	})
	return must(r.t, out, err)
}

func testFleetErrors(t *testing.T) {
	r := start(t, plan(t, `{"kind":"no-capacity"}`))
	out := r.fleet(types.DefaultTargetCapacityTypeOnDemand)
	if len(out.Instances) != 0 || len(out.Errors) == 0 || *out.Errors[0].ErrorCode != "InsufficientInstanceCapacity" || r.kept().status != 200 {
		t.Errorf("status %d: %+v", r.kept().status, out)
	}
	if !strings.Contains(r.kept().body, "<errorSet><item><errorCode>InsufficientInstanceCapacity</errorCode>") &&
		!strings.Contains(r.kept().body, "<errorSet><item>") {
		t.Errorf("the shape: %s", r.kept().body)
	}
}

func testSpotLoss(t *testing.T) {
	r := start(t, plan(t, `{"kind":"spot-loss","after":"1ms","when":{"action":"CreateFleet"}}`))
	id := r.fleet(types.DefaultTargetCapacityTypeSpot).Instances[0].InstanceIds[0]
	for _, state := range []types.InstanceStateName{types.InstanceStateNamePending, types.InstanceStateNameRunning, types.InstanceStateNameShuttingDown} {
		r.untilNot(id, state)
	}
	if got := r.instance(id); got.State.Name != types.InstanceStateNameTerminated || *got.StateReason.Code != "Server.SpotInstanceTermination" {
		t.Errorf("%s, %+v", got.State.Name, got.StateReason)
	}
}

func testPassword(t *testing.T) {
	r := start(t, sandbox.Options{Delays: world.Delays{Password: world.Duration(4 * time.Minute)}})
	pair, err := r.own().CreateKeyPair(t.Context(), &ec2.CreateKeyPairInput{KeyName: aws.String("k")})
	block, _ := pem.Decode([]byte(*must(t, pair, err).KeyMaterial))
	private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	must(t, private, err)
	id := *r.run(func(in *ec2.RunInstancesInput) {
		in.ImageId, in.KeyName = r.windows().ImageId, aws.String("k")
	}).InstanceId
	password := func() string {
		out, err := r.own().GetPasswordData(t.Context(), &ec2.GetPasswordDataInput{InstanceId: &id})
		return strings.TrimSpace(*must(t, out, err).PasswordData)
	}
	if got := password(); got != "" {
		t.Errorf("at once there is a password: %s", got)
	}
	r.clock.Pass(5 * time.Minute)
	sealed, err := base64.StdEncoding.DecodeString(password())
	must(t, sealed, err)
	plain, err := rsa.DecryptPKCS1v15(nil, private, sealed) //nolint:staticcheck // it is what EC2 gives
	if len(must(t, plain, err)) < 8 {
		t.Errorf("the password is %q", plain)
	}
}
