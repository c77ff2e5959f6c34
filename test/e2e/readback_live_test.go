//go:build e2e

package e2e

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// makeLive makes what builds do not leave, so that there is something of each kind
// to read back, and tells what to ask about and what the waiters must find.
func (c *conformance) makeLive(t *testing.T) readOrder {
	t.Helper()
	api := c.ec2(home)
	if _, err := api.CreateKeyPair(t.Context(), &ec2.CreateKeyPairInput{KeyName: aws.String("live"), KeyType: types.KeyTypeEd25519}); err != nil {
		t.Fatal(err)
	}
	running, stopped, ended := c.launchLive(t, true), c.launchLive(t, false), c.launchLive(t, false)
	if _, err := api.StopInstances(t.Context(), &ec2.StopInstancesInput{InstanceIds: []string{stopped}}); err != nil {
		t.Fatal(err)
	}
	if _, err := api.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{ended}}); err != nil {
		t.Fatal(err)
	}
	c.makeTemplate(t)
	c.makeGrant(t)
	image := aws.ToString(c.image(t, home, "tags").ImageId)
	volume, err := api.CreateVolume(t.Context(), &ec2.CreateVolumeInput{AvailabilityZone: aws.String("us-east-1b"), Size: aws.Int32(5), VolumeType: types.VolumeTypeGp3})
	if err != nil {
		t.Fatal(err)
	}
	one := func(name, value string) map[string]any { return map[string]any{name: []string{value}} }
	first := map[string]map[string][]string{home: {
		"RoleName": {"conformance"}, "UserName": {"conformance"}, "InstanceProfileName": {"conformance"}, "PolicyName": {"conformance"},
		"PolicyArn": {"arn:aws:iam::aws:policy/AdministratorAccess"}, "VersionId": {"v1"}, "RetiringPrincipal": {c.retiring(t)},
	}}
	for _, region := range []string{home, oregon, ireland} {
		if first[region] == nil {
			first[region] = map[string][]string{}
		}
		for _, i := range c.images(t, region, "*") {
			first[region]["ImageId"] = append(first[region]["ImageId"], aws.ToString(i.ImageId))
			first[region]["SnapshotId"] = append(first[region]["SnapshotId"], aws.ToString(c.snapshotsOf(t, region, i)[0].SnapshotId))
		}
	}
	first[home]["ImageId"] = append([]string{image}, first[home]["ImageId"]...)
	return readOrder{Regions: []string{home, oregon, ireland}, First: first, Waits: map[string][][3]any{home: {
		{"ec2", "image_exists", one("ImageIds", image)},
		{"ec2", "image_available", one("ImageIds", image)},
		{"ec2", "snapshot_completed", one("SnapshotIds", c.values["snapshot"])},
		{"ec2", "instance_exists", one("InstanceIds", running)},
		{"ec2", "instance_running", one("InstanceIds", running)},
		{"ec2", "instance_status_ok", one("InstanceIds", running)},
		{"ec2", "system_status_ok", one("InstanceIds", running)},
		{"ec2", "instance_stopped", one("InstanceIds", stopped)},
		{"ec2", "instance_terminated", one("InstanceIds", ended)},
		{"ec2", "volume_available", one("VolumeIds", *volume.VolumeId)},
		{"ec2", "volume_in_use", map[string]any{"Filters": []map[string]any{{"Name": "attachment.instance-id", "Values": []string{running}}}}},
		{"ec2", "key_pair_exists", one("KeyNames", "live")},
		{"ec2", "security_group_exists", one("GroupIds", c.values["group"])},
		{"ec2", "subnet_available", one("SubnetIds", c.values["subnet"])},
		{"ec2", "spot_instance_request_fulfilled", map[string]any{"Filters": []map[string]any{{"Name": "instance-id", "Values": []string{running}}}}},
		{"iam", "instance_profile_exists", map[string]any{"InstanceProfileName": "conformance"}},
		{"iam", "role_exists", map[string]any{"RoleName": "conformance"}},
	}}}
}

// launchLive launches an instance and waits until it runs.
func (c *conformance) launchLive(t *testing.T, spot bool) string {
	t.Helper()
	in := &ec2.RunInstancesInput{
		ImageId: aws.String(c.debian(t, home)), InstanceType: types.InstanceTypeT3Micro, MinCount: aws.Int32(1), MaxCount: aws.Int32(1), KeyName: aws.String("live"),
		BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/sdf"), Ebs: &types.EbsBlockDevice{
			VolumeSize: aws.Int32(2), Encrypted: aws.Bool(true), KmsKeyId: aws.String("alias/golden"),
		}}},
		UserData:          aws.String("aGVsbG8="),
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{{Key: aws.String("live"), Value: aws.String("<&> ü")}}}},
	}
	if spot {
		in.InstanceMarketOptions = &types.InstanceMarketOptionsRequest{MarketType: types.MarketTypeSpot}
	}
	made, err := c.ec2(home).RunInstances(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	id := aws.ToString(made.Instances[0].InstanceId)
	until(t, "the launch of "+id, time.Minute, func() bool {
		found, err := c.ec2(home).DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
		if err != nil {
			t.Fatal(err)
		}
		return found.Reservations[0].Instances[0].State.Name == types.InstanceStateNameRunning
	})
	return id
}

func (c *conformance) makeTemplate(t *testing.T) {
	t.Helper()
	_, err := c.ec2(home).CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("live"), VersionDescription: aws.String("first"),
		LaunchTemplateData: &types.RequestLaunchTemplateData{
			ImageId: aws.String(c.debian(t, home)), InstanceType: types.InstanceTypeT3Micro, UserData: aws.String("aGVsbG8="),
			BlockDeviceMappings: []types.LaunchTemplateBlockDeviceMappingRequest{{DeviceName: aws.String("/dev/xvda"), Ebs: &types.LaunchTemplateEbsBlockDeviceRequest{VolumeSize: aws.Int32(9)}}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// makeGrant lets the partner use the key.
func (c *conformance) makeGrant(t *testing.T) {
	t.Helper()
	_, err := kms.NewFromConfig(c.config(home)).CreateGrant(t.Context(), &kms.CreateGrantInput{
		KeyId: aws.String(c.keys[home]), GranteePrincipal: aws.String("arn:aws:iam::" + partner + ":root"),
		RetiringPrincipal: aws.String(c.retiring(t)), Name: aws.String("live"),
		Operations: []kmstypes.GrantOperation{kmstypes.GrantOperationDecrypt, kmstypes.GrantOperationDescribeKey},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// retiring is the caller, who may retire the grant.
func (c *conformance) retiring(t *testing.T) string {
	t.Helper()
	me, err := sts.NewFromConfig(c.config(home)).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(me.Arn)
}
