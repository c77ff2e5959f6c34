package ebs

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	awscommon "github.com/hashicorp/packer-plugin-amazon/common"
)

// launchRequest works out what the launch must say, given the image it starts from.
func (c *Config) launchRequest(source types.Image, subnetID func() string) *launch {
	l := &launch{
		mappings: c.launchMappings(source),
		metadata: types.InstanceMetadataOptionsRequest{
			HttpEndpoint: types.InstanceMetadataEndpointState(c.Metadata.HttpEndpoint),
		},
		instanceType: types.InstanceType(c.InstanceType),
		subnetID:     subnetID,
	}
	if c.Metadata.HttpEndpoint == "enabled" {
		l.metadata.HttpTokens = types.HttpTokensState(c.Metadata.HttpTokens)
		l.metadata.HttpPutResponseHopLimit = &c.Metadata.HttpPutResponseHopLimit
		if c.Metadata.InstanceMetadataTags == "enabled" {
			l.metadata.InstanceMetadataTags = types.InstanceMetadataTagsStateEnabled
		}
	}
	if c.InstanceType == "" && len(c.SpotInstanceTypes) > 0 {
		l.instanceType = types.InstanceType(c.SpotInstanceTypes[0])
	}
	if c.BlockDurationMinutes > 0 && c.BlockDurationMinutes <= 6*60 { // EC2's longest block
		l.spotBlockMinutes = int32(c.BlockDurationMinutes)
	}
	if c.InstanceInitiatedShutdownBehavior == "terminate" { // a one-time Spot instance cannot stop
		l.shutdown = types.ShutdownBehaviorTerminate
	}
	l.reservation = c.reservation()
	return l
}

func (c *Config) reservation() *types.CapacityReservationSpecification {
	if c.CapacityReservationId == "" && c.CapacityReservationGroupArn == "" {
		return &types.CapacityReservationSpecification{
			CapacityReservationPreference: types.CapacityReservationPreference(c.CapacityReservationPreference),
		}
	}
	return &types.CapacityReservationSpecification{CapacityReservationTarget: &types.CapacityReservationTarget{
		CapacityReservationId:               dropEmpty(&c.CapacityReservationId),
		CapacityReservationResourceGroupArn: dropEmpty(&c.CapacityReservationGroupArn),
	}}
}

// launchMappings are the devices of the instance. Where the image is to be
// encrypted, its volumes are encrypted from the start: an unencrypted image that is
// copied afterwards would lie in the account for a while, and cost a second copy.
func (c *Config) launchMappings(source types.Image) []types.BlockDeviceMapping {
	mappings := c.LaunchMappings.BuildEC2BlockDeviceMappings()
	if !c.AMIEncryptBootVolume.True() || !c.encryptsAtLaunch() {
		return mappings
	}
	key := dropEmpty(aws.String(c.keyOf(c.RawRegion)))
	for i := range mappings {
		if e := mappings[i].Ebs; e != nil && e.KmsKeyId == nil {
			e.Encrypted, e.KmsKeyId = aws.Bool(true), key
		}
	}
	for _, m := range source.BlockDeviceMappings {
		named := slices.ContainsFunc(c.LaunchMappings, func(b awscommon.BlockDevice) bool {
			return b.DeviceName == aws.ToString(m.DeviceName)
		})
		if m.Ebs == nil || named {
			continue
		}
		mappings = append(mappings, types.BlockDeviceMapping{DeviceName: m.DeviceName, Ebs: &types.EbsBlockDevice{
			DeleteOnTermination: aws.Bool(true), Encrypted: aws.Bool(true), KmsKeyId: key,
		}})
	}
	return mappings
}

// encryptsAtLaunch is false where the template wants a volume of the instance
// unencrypted, or the image gets volumes that the instance does not have: then
// a copy encrypts the image.
func (c *Config) encryptsAtLaunch() bool {
	plain := func(b awscommon.BlockDevice) bool { return b.Encrypted.False() }
	fromSnapshot := func(b awscommon.BlockDevice) bool { return b.SnapshotId != "" }
	return !slices.ContainsFunc(c.LaunchMappings, plain) && !slices.ContainsFunc(c.AMIMappings, fromSnapshot)
}
