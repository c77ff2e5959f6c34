package ebs

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/hashicorp/packer-plugin-amazon/common/clients"
)

// launchClient is the EC2 client that the steps of amazon-ebs use. It corrects what
// they are about to send: options they lose (http_endpoint = "disabled", spot
// blocks), parts they cannot build without a panic (capacity reservations, a Spot
// instance without a device), the encryption of volumes at launch, and the empty
// strings they send for parameters that are not set.
type launchClient struct {
	*ec2.Client
	launch *launch
}

var _ clients.Ec2Client = launchClient{}

// launch is what the request for the instance must say.
type launch struct {
	mappings         []types.BlockDeviceMapping
	metadata         types.InstanceMetadataOptionsRequest
	reservation      *types.CapacityReservationSpecification
	shutdown         types.ShutdownBehavior // of a Spot instance; empty for EC2's own
	spotBlockMinutes int32
	instanceType     types.InstanceType // of the trial launch that waits for a new profile
	subnetID         func() string
}

// RunInstances launches, or tries a launch with DryRun.
func (c launchClient) RunInstances(ctx context.Context, in *ec2.RunInstancesInput, opts ...func(*ec2.Options)) (*ec2.RunInstancesOutput, error) {
	if aws.ToBool(in.DryRun) {
		// The steps try with a t3.nano in the default VPC, which fails for arm64
		// images and in accounts without one.
		in.InstanceType = c.launch.instanceType
		in.SubnetId = dropEmpty(aws.String(c.launch.subnetID()))
		return c.Client.RunInstances(ctx, in, opts...)
	}
	in.BlockDeviceMappings = slices.Concat(c.launch.mappings, noDevices(in.BlockDeviceMappings))
	in.MetadataOptions = &c.launch.metadata
	in.CapacityReservationSpecification = c.launch.reservation
	in.SubnetId = dropEmpty(in.SubnetId)
	in.UserData = dropEmpty(in.UserData)
	if in.IamInstanceProfile != nil && aws.ToString(in.IamInstanceProfile.Name) == "" {
		in.IamInstanceProfile = nil
	}
	if in.Placement != nil {
		in.Placement.AvailabilityZone = dropEmpty(in.Placement.AvailabilityZone)
		if *in.Placement == (types.Placement{}) {
			in.Placement = nil
		}
	}
	if in.EnclaveOptions != nil && !aws.ToBool(in.EnclaveOptions.Enabled) {
		in.EnclaveOptions = nil
	}
	return c.Client.RunInstances(ctx, in, opts...)
}

// CreateLaunchTemplate makes the template of a Spot fleet.
func (c launchClient) CreateLaunchTemplate(ctx context.Context, in *ec2.CreateLaunchTemplateInput, opts ...func(*ec2.Options)) (*ec2.CreateLaunchTemplateOutput, error) {
	data := in.LaunchTemplateData
	data.BlockDeviceMappings = append(templateMappings(c.launch.mappings), data.BlockDeviceMappings...)
	m := c.launch.metadata
	data.MetadataOptions = &types.LaunchTemplateInstanceMetadataOptionsRequest{
		HttpEndpoint:            types.LaunchTemplateInstanceMetadataEndpointState(m.HttpEndpoint),
		HttpTokens:              types.LaunchTemplateHttpTokensState(m.HttpTokens),
		HttpPutResponseHopLimit: m.HttpPutResponseHopLimit,
		InstanceMetadataTags:    types.LaunchTemplateInstanceMetadataTagsState(m.InstanceMetadataTags),
	}
	data.InstanceInitiatedShutdownBehavior = c.launch.shutdown
	data.UserData = dropEmpty(data.UserData)
	if data.IamInstanceProfile != nil && aws.ToString(data.IamInstanceProfile.Name) == "" {
		data.IamInstanceProfile = nil
	}
	if data.Placement != nil && aws.ToString(data.Placement.AvailabilityZone) == "" {
		data.Placement = nil
	}
	if c.launch.spotBlockMinutes > 0 && data.InstanceMarketOptions != nil && data.InstanceMarketOptions.SpotOptions != nil {
		data.InstanceMarketOptions.SpotOptions.BlockDurationMinutes = &c.launch.spotBlockMinutes
	}
	return c.Client.CreateLaunchTemplate(ctx, in, opts...)
}

// CreateFleet launches the Spot instance. The steps read the output of a failed call,
// and set a parameter that is for fleets of type maintain only.
func (c launchClient) CreateFleet(ctx context.Context, in *ec2.CreateFleetInput, opts ...func(*ec2.Options)) (*ec2.CreateFleetOutput, error) {
	in.ReplaceUnhealthyInstances = nil
	out, err := c.Client.CreateFleet(ctx, in, opts...)
	if err != nil {
		return &ec2.CreateFleetOutput{}, err
	}
	return out, nil
}

// CreateSecurityGroup makes the group, in the default VPC where none is named.
func (c launchClient) CreateSecurityGroup(ctx context.Context, in *ec2.CreateSecurityGroupInput, opts ...func(*ec2.Options)) (*ec2.CreateSecurityGroupOutput, error) {
	in.VpcId = dropEmpty(in.VpcId)
	return c.Client.CreateSecurityGroup(ctx, in, opts...)
}

// noDevices are the entries that no_ephemeral adds; all others come from launch.
func noDevices(mappings []types.BlockDeviceMapping) []types.BlockDeviceMapping {
	var out []types.BlockDeviceMapping
	for _, m := range mappings {
		if m.NoDevice != nil {
			out = append(out, m)
		}
	}
	return out
}

func templateMappings(mappings []types.BlockDeviceMapping) []types.LaunchTemplateBlockDeviceMappingRequest {
	out := make([]types.LaunchTemplateBlockDeviceMappingRequest, 0, len(mappings))
	for _, m := range mappings {
		t := types.LaunchTemplateBlockDeviceMappingRequest{DeviceName: m.DeviceName, NoDevice: m.NoDevice, VirtualName: m.VirtualName}
		if e := m.Ebs; e != nil {
			t.Ebs = &types.LaunchTemplateEbsBlockDeviceRequest{
				DeleteOnTermination: e.DeleteOnTermination, Encrypted: e.Encrypted, Iops: e.Iops, KmsKeyId: e.KmsKeyId,
				SnapshotId: e.SnapshotId, Throughput: e.Throughput, VolumeSize: e.VolumeSize, VolumeType: e.VolumeType,
			}
		}
		out = append(out, t)
	}
	return out
}

func dropEmpty(s *string) *string {
	if aws.ToString(s) == "" {
		return nil
	}
	return s
}
