package ebs

import (
	"context"
	"fmt"
	"strings"

	awscommon "github.com/hashicorp/packer-plugin-amazon/common"
	"github.com/hashicorp/packer-plugin-sdk/communicator"
	"github.com/hashicorp/packer-plugin-sdk/multistep"
	"github.com/hashicorp/packer-plugin-sdk/packerbuilderdata"

	"github.com/goldenami/packer-plugin-goldenami/internal/tradeoff"
)

// planSteps find out what is to be done. They make nothing but the mark that it is
// being done.
func (b *build) planSteps() []multistep.Step {
	steps := append([]multistep.Step{
		stepLap{b, ""},
		stepFindSource{b},
		stepLap{b, tradeoff.Wait},
		stepDecideReuse{b},
	}, b.checkSteps()...)
	return append(steps, stepClaimBuild{b})
}

// checkSteps look for what would make the end of the build fail. They make nothing.
func (b *build) checkSteps() []multistep.Step {
	return []multistep.Step{
		stepCheckPlan{b},
		stepCheckPointers{b},
	}
}

// workSteps do it. Where an image that exists is the result, only what was asked of
// it is made true.
func (b *build) workSteps(ctx context.Context) []multistep.Step {
	if b.reused() {
		return []multistep.Step{stepDistributeImage{b}, stepWriteFirstBoot{b}, stepMovePointers{b}, stepWriteLineage{b}, stepReportFigures{b}}
	}
	steps := append(b.launchSteps(), b.connectSteps(ctx)...)
	if b.cfg.AMISkipCreateImage {
		return steps
	}
	return append(steps,
		stepLap{b, ""},
		stepStopInstance{b},
		&awscommon.StepModifyEBSBackedInstance{
			EnableAMISriovNetSupport: b.cfg.AMISriovNetSupport,
			EnableAMIENASupport:      b.cfg.AMIENASupport,
		},
		stepCreateImage{b},
		stepTerminateInstance{b},
		stepLap{b, tradeoff.Imaging},
		stepCheckAncestry{b},
		stepVerifyImage{b},
		stepMeasureImage{b},
		stepDistributeImage{b},
		stepWriteFirstBoot{b},
		stepMovePointers{b},
		stepWriteLineage{b},
		stepReportFigures{b},
	)
}

// launchSteps end with a running instance. They clean up from the last to the first.
func (b *build) launchSteps() []multistep.Step {
	c := b.cfg
	return []multistep.Step{
		stepLap{b, ""},
		&awscommon.StepNetworkInfo{
			VpcId: c.VpcId, VpcFilter: c.VpcFilter,
			SubnetId: c.SubnetId, SubnetFilter: c.SubnetFilter,
			SecurityGroupIds: c.SecurityGroupIds, SecurityGroupFilter: c.SecurityGroupFilter,
			AvailabilityZone:         c.AvailabilityZone,
			AssociatePublicIpAddress: c.AssociatePublicIpAddress,
			RequestedMachineType:     c.InstanceType,
		},
		&awscommon.StepKeyPair{
			Debug: c.PackerDebug, DebugKeyPath: fmt.Sprintf("ec2_%s.pem", c.PackerBuildName),
			Comm: &c.Comm, IsRestricted: strings.HasPrefix(b.region(), "cn-"),
			Tags: b.runTags(), Ctx: c.ctx,
		},
		stepOpenSecurityGroup{b},
		stepGrantProfile{b},
		&awscommon.StepCleanupVolumes{LaunchMappings: c.LaunchMappings},
		stepRunInstance{b},
		stepLap{b, tradeoff.Launch},
	}
}

// connectSteps log in and have the instance provisioned: the stages first, then the
// provisioners of the build block.
func (b *build) connectSteps(ctx context.Context) []multistep.Step {
	c := b.cfg
	return []multistep.Step{
		&awscommon.StepGetPassword{
			Debug: c.PackerDebug, Comm: &c.Comm, Timeout: c.WindowsPasswordTimeout, BuildName: c.PackerBuildName,
		},
		&awscommon.StepCreateSSMTunnel{
			AwsConfig: b.clients.Config(""), Region: b.region(), SSMAgentEnabled: c.SSMAgentEnabled(),
			PauseBeforeSSM: c.PauseBeforeSSM, LocalPortNumber: c.SessionManagerPort, RemotePortNumber: c.Comm.Port(),
			SSHConfig: &c.Comm.SSH,
		},
		&communicator.StepConnect{
			Config:    &c.Comm,
			Host:      awscommon.SSHHost(ctx, b.clients.EC2(""), c.SSHInterface, c.Comm.Host()),
			SSHPort:   awscommon.Port(c.SSHInterface, c.Comm.Port()),
			SSHConfig: b.keys.noting(c.Comm.SSHConfigFunc()),
		},
		stepLap{b, tradeoff.Connect},
		stepNoteIdentity{b},
		&awscommon.StepSetGeneratedData{GeneratedData: &packerbuilderdata.GeneratedData{State: b.state}},
		stepRunStages{b},
		stepWriteManifest{b},
		&StepProvision{build: b},
		stepRemoveKey{b},
		stepLap{b, tradeoff.Provision},
	}
}
