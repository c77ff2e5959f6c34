package ec2_test

import (
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// run launches an instance of the vendor's image.
func (c *cloud) run(kind types.InstanceType, change func(*ec2.RunInstancesInput)) (types.Instance, error) {
	c.t.Helper()
	in := &ec2.RunInstancesInput{ImageId: c.vendor(c.home).ImageId, InstanceType: kind, MinCount: aws.Int32(1), MaxCount: aws.Int32(1)}
	if change != nil {
		change(in)
	}
	out, err := c.home.RunInstances(c.t.Context(), in)
	if err != nil {
		return types.Instance{}, err
	}
	return out.Instances[0], nil
}

func TestInstanceTypesAreThoseOfEC2(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	for name, want := range map[types.InstanceType][2]int64{
		"t2.micro": {1, 1024}, "t3.micro": {2, 1024}, "t2.2xlarge": {8, 32768}, "m3.medium": {1, 3840}, "m5.24xlarge": {96, 393216},
		"c5.9xlarge": {36, 73728}, "c4.8xlarge": {36, 61440}, "r6g.medium": {1, 8192}, "m6a.48xlarge": {192, 786432},
	} {
		out, err := c.home.DescribeInstanceTypes(t.Context(), &ec2.DescribeInstanceTypesInput{InstanceTypes: []types.InstanceType{name}})
		i := must(t, out, err).InstanceTypes[0]
		if got := [2]int64{int64(*i.VCpuInfo.DefaultVCpus), *i.MemoryInfo.SizeInMiB}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	_, err := c.home.DescribeInstanceTypes(t.Context(), &ec2.DescribeInstanceTypesInput{InstanceTypes: []types.InstanceType{"c4.nano"}})
	refused(t, err, badRequest, "InvalidInstanceType", "The following supplied instance types do not exist: [c4.nano]")
}

func TestInstanceShowsItsOptions(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	made, err := c.run(types.InstanceTypeM5Xlarge, func(in *ec2.RunInstancesInput) {
		in.EnclaveOptions = &types.EnclaveOptionsRequest{Enabled: aws.Bool(true)}
		in.CapacityReservationSpecification = &types.CapacityReservationSpecification{CapacityReservationPreference: types.CapacityReservationPreferenceNone}
		in.InstanceInitiatedShutdownBehavior = types.ShutdownBehaviorTerminate
		in.UserData = aws.String(base64.StdEncoding.EncodeToString([]byte("hello")))
		in.LicenseSpecifications = []types.LicenseConfigurationRequest{{LicenseConfigurationArn: aws.String("arn:aws:license-manager:us-east-1:123456789012:license-configuration:lic-1")}}
	})
	i := must(t, made, err)
	n := i.NetworkInterfaces[0]
	if !*i.EnclaveOptions.Enabled || i.CapacityReservationSpecification.CapacityReservationPreference != types.CapacityReservationPreferenceNone ||
		len(i.Licenses) != 1 || n.Association == nil || *n.Association.PublicIp != *i.PublicIpAddress || *n.Attachment.DeviceIndex != 0 || len(n.Groups) != 1 {
		t.Errorf("instance: %+v, interface: %+v", i, n)
	}
	attribute := func(name types.InstanceAttributeName) *ec2.DescribeInstanceAttributeOutput {
		out, err := c.home.DescribeInstanceAttribute(t.Context(), &ec2.DescribeInstanceAttributeInput{InstanceId: i.InstanceId, Attribute: name})
		return must(t, out, err)
	}
	if got := *attribute("userData").UserData.Value; got != "aGVsbG8=" {
		t.Errorf("user data %q", got)
	}
	if got := *attribute("instanceInitiatedShutdownBehavior").InstanceInitiatedShutdownBehavior.Value; got != "terminate" {
		t.Errorf("shutdown behaviour %q", got)
	}
	if out := attribute("groupSet"); len(out.Groups) != 1 || out.UserData != nil || out.EnaSupport != nil {
		t.Errorf("groups alone: %+v", out)
	}
	if got := attribute("blockDeviceMapping").BlockDeviceMappings; len(got) != 1 || *got[0].DeviceName != "/dev/xvda" {
		t.Errorf("devices: %+v", got)
	}
	if !*attribute("enclaveOptions").EnclaveOptions.Enabled || *attribute("disableApiTermination").DisableApiTermination.Value {
		t.Error("flags are wrong")
	}
}

// The groups of a template's interface are named groupId in the answer, where other
// lists have item.
func TestTemplateDataOfAnInstanceHasItsGroups(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	made, err := c.run(types.InstanceTypeT3Small, nil)
	i := must(t, made, err)
	out, err := c.home.GetLaunchTemplateData(t.Context(), &ec2.GetLaunchTemplateDataInput{InstanceId: i.InstanceId})
	n := must(t, out, err).LaunchTemplateData.NetworkInterfaces
	if len(n) != 1 || len(n[0].Groups) != 1 || n[0].Groups[0] != *i.SecurityGroups[0].GroupId {
		t.Errorf("interfaces: %+v", n)
	}
}

func TestDisabledTerminationAndStop(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	made, err := c.run(types.InstanceTypeT3Small, func(in *ec2.RunInstancesInput) {
		in.DisableApiTermination, in.DisableApiStop = aws.Bool(true), aws.Bool(true)
	})
	id := *must(t, made, err).InstanceId
	_, err = c.home.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}})
	refused(t, err, badRequest, "OperationNotPermitted", "The instance '"+id+"' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.")
	_, err = c.home.StopInstances(t.Context(), &ec2.StopInstancesInput{InstanceIds: []string{id}})
	refused(t, err, badRequest, "OperationNotPermitted", "The instance '"+id+"' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.")
	change, err := c.home.ModifyInstanceAttribute(t.Context(), &ec2.ModifyInstanceAttributeInput{InstanceId: &id, DisableApiTermination: &types.AttributeBooleanValue{Value: aws.Bool(false)}})
	must(t, change, err)
	ended, err := c.home.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}})
	must(t, ended, err)
}

func TestCreditsOfBurstableInstances(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	var ids []string
	for _, tc := range []struct {
		kind        types.InstanceType
		asked, want string
	}{{"t2.micro", "", "standard"}, {"t3.micro", "", "unlimited"}, {"t3.micro", "standard", "standard"}, {"t2.micro", "unlimited", "unlimited"}} {
		made, err := c.run(tc.kind, func(in *ec2.RunInstancesInput) {
			if tc.asked != "" {
				in.CreditSpecification = &types.CreditSpecificationRequest{CpuCredits: &tc.asked}
			}
		})
		id := *must(t, made, err).InstanceId
		ids = append(ids, id)
		out, err := c.home.DescribeInstanceCreditSpecifications(t.Context(), &ec2.DescribeInstanceCreditSpecificationsInput{InstanceIds: []string{id}})
		if got := must(t, out, err).InstanceCreditSpecifications; len(got) != 1 || *got[0].CpuCredits != tc.want {
			t.Errorf("%s asked for %q: %+v", tc.kind, tc.asked, got)
		}
	}
	all, err := c.home.DescribeInstanceCreditSpecifications(t.Context(), &ec2.DescribeInstanceCreditSpecificationsInput{})
	if got := must(t, all, err).InstanceCreditSpecifications; len(got) != 2 {
		t.Errorf("of %v, those with unlimited credits: %+v", ids, got)
	}
	_, err = c.run(types.InstanceTypeM5Large, func(in *ec2.RunInstancesInput) {
		in.CreditSpecification = &types.CreditSpecificationRequest{CpuCredits: aws.String("standard")}
	})
	refused(t, err, badRequest, "InstanceCreditSpecification.NotSupported", "The m5.large instance type does not support T2 Unlimited.")
}

func TestInstanceStoresGoIntoTheImage(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.launch(
		types.BlockDeviceMapping{DeviceName: aws.String("/dev/sdb"), VirtualName: aws.String("ephemeral0")},
		types.BlockDeviceMapping{DeviceName: aws.String("/dev/sdc"), VirtualName: aws.String("ephemeral1")},
		types.BlockDeviceMapping{DeviceName: aws.String("/dev/sdd"), Ebs: &types.EbsBlockDevice{VolumeSize: aws.Int32(40)}},
	)
	out, err := c.home.CreateImage(t.Context(), &ec2.CreateImageInput{InstanceId: &id, Name: aws.String("stores"), BlockDeviceMappings: []types.BlockDeviceMapping{
		{DeviceName: aws.String("/dev/sdc"), NoDevice: aws.String("")},
	}})
	got := map[string]types.BlockDeviceMapping{}
	for _, m := range c.image(c.home, *must(t, out, err).ImageId).BlockDeviceMappings {
		got[*m.DeviceName] = m
	}
	if len(got) != 3 || aws.ToString(got["/dev/sdb"].VirtualName) != "ephemeral0" || got["/dev/sdd"].Ebs.Iops != nil {
		t.Errorf("devices: %+v", got)
	}
	volumes, err := c.home.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{Filters: []types.Filter{filter("attachment.device", "/dev/sdd")}})
	if v := must(t, volumes, err).Volumes; len(v) != 1 || *v[0].Iops != 120 {
		t.Errorf("gp2 has 3 IOPS per GiB: %+v", v)
	}
}

func TestVolumePerformanceOfALaunch(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	for message, e := range map[string]*types.EbsBlockDevice{
		"The parameter iops is not supported for gp2 volumes.":       {VolumeSize: aws.Int32(9), VolumeType: "gp2", Iops: aws.Int32(300)},
		"The parameter throughput is not supported for io2 volumes.": {VolumeSize: aws.Int32(9), VolumeType: "io2", Iops: aws.Int32(300), Throughput: aws.Int32(300)},
	} {
		_, err := c.run(types.InstanceTypeT3Small, func(in *ec2.RunInstancesInput) {
			in.BlockDeviceMappings = []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/sdf"), Ebs: e}}
		})
		refused(t, err, badRequest, "InvalidParameterCombination", message)
	}
	_, err := c.run(types.InstanceTypeT3Small, func(in *ec2.RunInstancesInput) {
		in.BlockDeviceMappings = []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/sdf"), Ebs: &types.EbsBlockDevice{VolumeSize: aws.Int32(9), VolumeType: "io1"}}}
	})
	refused(t, err, badRequest, "InvalidParameterCombination", "The parameter iops must be specified for io1 volumes.")
}

func TestRunInstancesChecksUnderDryRun(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	dry := func(in *ec2.RunInstancesInput) { in.DryRun = aws.Bool(true) }
	_, err := c.run(types.InstanceTypeT3Nano, dry)
	refused(t, err, http.StatusPreconditionFailed, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
	_, err = c.run(types.InstanceTypeT4gNano, dry)
	refused(t, err, badRequest, "InvalidParameterValue", "The architecture 'arm64' of the specified instance type does not match the architecture 'x86_64' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.")
	_, err = c.run(types.InstanceTypeT3Nano, func(in *ec2.RunInstancesInput) {
		in.DryRun, in.Placement = aws.Bool(true), &types.Placement{GroupName: aws.String("near")}
	})
	refused(t, err, badRequest, "InvalidPlacementGroup.Unknown", "The Placement Group 'near' is unknown.")
}

func TestRulesOfOnePortAreOnePermission(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	group, err := c.home.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{GroupName: aws.String("g"), Description: aws.String("d")})
	id := must(t, group, err).GroupId
	rules, err := c.home.AuthorizeSecurityGroupIngress(t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: id, IpPermissions: []types.IpPermission{
		{
			IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22),
			IpRanges: []types.IpRange{{CidrIp: aws.String("198.51.100.0/24")}, {CidrIp: aws.String("203.0.113.0/24")}}, Ipv6Ranges: []types.Ipv6Range{{CidrIpv6: aws.String("2001:db8::/32")}},
		},
		{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(80), ToPort: aws.Int32(80), IpRanges: []types.IpRange{{CidrIp: aws.String("198.51.100.0/24")}}},
	}})
	if n := len(must(t, rules, err).SecurityGroupRules); n != 4 {
		t.Errorf("%d rules", n)
	}
	found, err := c.home.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{GroupIds: []string{*id}})
	p := must(t, found, err).SecurityGroups[0].IpPermissions
	if len(p) != 2 || len(p[0].IpRanges) != 2 || len(p[0].Ipv6Ranges) != 1 || len(p[1].IpRanges) != 1 {
		t.Errorf("permissions: %+v", p)
	}
}
