package ebs

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscommon "github.com/hashicorp/packer-plugin-amazon/common"
	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// stepRunInstance launches the instance, on demand or as a Spot instance.
//
// Reads: source_image, subnet_id, availability_zone, securityGroupIds,
// iamInstanceProfile. Writes: instance, instance_id. Cleans: the instance and the
// launch template of a Spot fleet.
type stepRunInstance struct{ *build }

func (s stepRunInstance) Run(ctx context.Context, state multistep.StateBag) multistep.StepAction {
	action := s.peer().Run(ctx, state)
	// The SDK hands the id to provisioners as it is; a pointer would be one there.
	if id, ok := state.Get("instance_id").(*string); ok {
		state.Put("instance_id", aws.ToString(id))
	}
	if action == multistep.ActionHalt && ctx.Err() == nil {
		if _, ok := state.GetOk("error"); !ok {
			return s.halt("the instance could not be launched")
		}
	}
	return action
}

// Cleanup terminates by the ledger: the steps of amazon-ebs try once, and panic
// where a Spot build failed early.
func (s stepRunInstance) Cleanup(multistep.StateBag) {
	s.remove(cloud.KindInstance, cloud.KindLaunchTemplate)
}

func (s stepRunInstance) peer() multistep.Step {
	if s.cfg.IsSpotInstance() {
		return s.spot()
	}
	return s.onDemand()
}

// Options that launchClient writes into the request itself are left out below:
// metadata, devices, capacity reservations.

func (s stepRunInstance) onDemand() multistep.Step {
	c := s.cfg
	tenancy := c.Placement.Tenancy
	setDefault(&tenancy, c.Tenancy) //nolint:staticcheck // deprecated by amazon-ebs, and still an option of it
	return &awscommon.StepRunSourceInstance{
		PollingConfig:                     c.pace(),
		AssociatePublicIpAddress:          c.AssociatePublicIpAddress,
		LaunchMappings:                    awscommon.BlockDevices(nil),
		Comm:                              &c.Comm,
		Ctx:                               c.ctx,
		Debug:                             c.PackerDebug,
		EbsOptimized:                      c.EbsOptimized,
		EnableNitroEnclave:                c.EnableNitroEnclave,
		IsBurstableInstanceType:           c.IsBurstableInstanceType(),
		EnableUnlimitedCredits:            c.EnableUnlimitedCredits,
		ExpectedRootDevice:                "ebs",
		InstanceInitiatedShutdownBehavior: c.InstanceInitiatedShutdownBehavior,
		InstanceType:                      c.InstanceType,
		IsRestricted:                      strings.HasPrefix(s.region(), "cn-"),
		Tags:                              s.runTags(),
		LicenseSpecifications:             c.LicenseSpecifications,
		HostResourceGroupArn:              c.Placement.HostResourceGroupArn,
		HostId:                            c.Placement.HostId,
		Tenancy:                           tenancy,
		UserData:                          c.UserData,
		UserDataFile:                      c.UserDataFile,
		VolumeTags:                        c.VolumeRunTags,
		NoEphemeral:                       c.NoEphemeral,
	}
}

func (s stepRunInstance) spot() multistep.Step {
	c := s.cfg
	return &awscommon.StepRunSpotInstance{
		PollingConfig:                     c.pace(),
		AssociatePublicIpAddress:          c.AssociatePublicIpAddress,
		LaunchMappings:                    awscommon.BlockDevices(nil),
		Ctx:                               c.ctx,
		Comm:                              &c.Comm,
		Debug:                             c.PackerDebug,
		EbsOptimized:                      c.EbsOptimized,
		IsBurstableInstanceType:           c.IsBurstableInstanceType(),
		EnableUnlimitedCredits:            c.EnableUnlimitedCredits,
		ExpectedRootDevice:                "ebs",
		FleetTags:                         c.FleetTags,
		InstanceInitiatedShutdownBehavior: c.InstanceInitiatedShutdownBehavior,
		InstanceType:                      c.InstanceType,
		Region:                            s.region(),
		SpotPrice:                         c.SpotPrice,
		SpotTags:                          c.SpotTags,
		Tags:                              s.runTags(),
		SpotInstanceTypes:                 c.SpotInstanceTypes,
		SpotAllocationStrategy:            c.SpotAllocationStrategy,
		UserData:                          c.UserData,
		UserDataFile:                      c.UserDataFile,
		VolumeTags:                        c.VolumeRunTags,
		NoEphemeral:                       c.NoEphemeral,
	}
}
