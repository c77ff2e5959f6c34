package ec2_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/imds"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

const trustEC2 = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}]}`

// withProfile makes a role in an instance profile, both named web.
func (c *cloud) withProfile() {
	c.t.Helper()
	client, name := c.IAM(sandboxtest.Home), aws.String("web")
	role, err := client.CreateRole(c.t.Context(), &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: aws.String(trustEC2)})
	must(c.t, role, err)
	profile, err := client.CreateInstanceProfile(c.t.Context(), &iam.CreateInstanceProfileInput{InstanceProfileName: name})
	must(c.t, profile, err)
	added, err := client.AddRoleToInstanceProfile(c.t.Context(), &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: name})
	must(c.t, added, err)
}

func TestGuestsAreToldWhatTheAPITells(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	c.withProfile()
	var i types.Instance
	c.until("the profile is usable", func() bool {
		out, err := launch(t, c.home, func(in *ec2.RunInstancesInput) {
			in.IamInstanceProfile = &types.IamInstanceProfileSpecification{Name: aws.String("web")}
			in.MetadataOptions = &types.InstanceMetadataOptionsRequest{HttpTokens: types.HttpTokensStateRequired, HttpPutResponseHopLimit: aws.Int32(3), InstanceMetadataTags: types.InstanceMetadataTagsStateEnabled}
			in.TagSpecifications = []types.TagSpecification{{ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{{Key: aws.String("Name"), Value: aws.String("one")}}}}
		})
		if err != nil {
			c.clock.Pass(time.Minute)
			return false
		}
		i = out.Instances[0]
		return true
	})
	var m imds.Metadata
	c.until("the guest is started", func() bool {
		spec, ok := c.guests.spec(*i.InstanceId)
		if ok {
			m = spec.Metadata()
		}
		return ok
	})
	face := i.NetworkInterfaces[0]
	for name, pair := range map[string][2]string{
		"image": {m.ImageID, *i.ImageId}, "type": {m.Type, string(i.InstanceType)}, "zone": {m.Zone, *i.Placement.AvailabilityZone},
		"zone id": {m.ZoneID, "use1-az1"}, "private address": {m.PrivateIP, *i.PrivateIpAddress}, "public address": {m.PublicIP, *i.PublicIpAddress},
		"hostname": {m.Hostname, *i.PrivateDnsName}, "interface": {m.Interface.ID, *face.NetworkInterfaceId}, "mac": {m.Interface.MAC, *face.MacAddress},
		"subnet": {m.Interface.SubnetID, *i.SubnetId}, "subnet's addresses": {m.Interface.SubnetCIDR, "172.31.0.0/20"}, "vpc's addresses": {m.Interface.VPCCIDR, "172.31.0.0/16"},
		"group": {m.Interface.Groups[0].Name, *i.SecurityGroups[0].GroupName}, "profile": {m.Profile, *i.IamInstanceProfile.Arn}, "role": {m.Role, "web"},
		"root device": {m.Devices["root"], *i.RootDeviceName}, "tag": {m.Tags["Name"], "one"}, "account": {m.AccountID, sandboxtest.Home},
		"tokens": {m.Options.Tokens, "required"}, "tags": {m.Options.Tags, "enabled"}, "endpoint": {m.Options.Endpoint, "enabled"}, "life cycle": {m.LifeCycle, "on-demand"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: the guest is told %q, the API %q", name, pair[0], pair[1])
		}
	}
	if m.Options.HopLimit != 3 || !strings.HasPrefix(m.Interface.MAC, "02:") {
		t.Errorf("hop limit %d, MAC %s", m.Options.HopLimit, m.Interface.MAC)
	}
	_, err := c.home.CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{*i.InstanceId}, Tags: []types.Tag{{Key: aws.String("Name"), Value: aws.String("two")}}})
	spec, _ := c.guests.spec(*i.InstanceId)
	if tags := must(t, spec.Metadata(), err).Tags; tags["Name"] != "two" {
		t.Errorf("after CreateTags the guest is told %v", tags)
	}
}

func TestCredentialsOfAnInstanceAreItsRoles(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	c.withProfile()
	var id string
	c.until("the profile is usable", func() bool {
		out, err := launch(t, c.home, func(in *ec2.RunInstancesInput) {
			in.IamInstanceProfile = &types.IamInstanceProfileSpecification{Name: aws.String("web")}
		})
		if err != nil {
			c.clock.Pass(time.Minute)
			return false
		}
		id = *out.Instances[0].InstanceId
		return true
	})
	c.until("the guest is started", func() bool {
		_, ok := c.guests.spec(id)
		return ok
	})
	spec, _ := c.guests.spec(id)
	m := spec.Metadata()
	given, err := m.Credentials()
	again, err2 := spec.Metadata().Credentials()
	if err != nil || err2 != nil || given != again {
		t.Fatalf("credentials %v %v, then %v %v", given, err, again, err2)
	}
	config := c.Config(sandboxtest.Home, here)
	config.Credentials = credentials.NewStaticCredentialsProvider(given.AccessKeyID, given.Secret, given.Token)
	who, err := sts.NewFromConfig(config).GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{})
	if got := must(t, who, err); *got.Arn != "arn:aws:sts::"+sandboxtest.Home+":assumed-role/web/"+id {
		t.Errorf("they are %s", *got.Arn)
	}
	c.clock.Pass(given.Expires.Sub(given.Updated))
	if later, err := spec.Metadata().Credentials(); err != nil || later.AccessKeyID == given.AccessKeyID {
		t.Errorf("after their end: %v %v", later, err)
	}
}

func TestAnInstanceThatShutsItselfDownStopsOrEnds(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	for behavior, want := range map[types.ShutdownBehavior]types.InstanceStateName{
		types.ShutdownBehaviorStop: types.InstanceStateNameStopped, types.ShutdownBehaviorTerminate: types.InstanceStateNameTerminated,
	} {
		out, err := launch(t, c.home, func(in *ec2.RunInstancesInput) {
			in.InstanceInitiatedShutdownBehavior, in.ClientToken = behavior, aws.String(string(behavior))
		})
		id := *must(t, out, err).Instances[0].InstanceId
		seen := func() types.Instance {
			out, err := c.home.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
			return must(t, out, err).Reservations[0].Instances[0]
		}
		c.until("it runs", func() bool { return seen().State.Name == types.InstanceStateNameRunning })
		spec, _ := c.guests.spec(id)
		spec.PoweredOff()
		c.until("it is "+string(want), func() bool { return seen().State.Name == want })
		if r := seen().StateReason; r == nil || *r.Code != "Client.InstanceInitiatedShutdown" {
			t.Errorf("%s: state reason %+v", behavior, r)
		}
		spec.PoweredOff() // twice is once
		if got := seen().State.Name; got != want {
			t.Errorf("%s: then %s", behavior, got)
		}
	}
}
