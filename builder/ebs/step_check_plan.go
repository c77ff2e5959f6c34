package ebs

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
)

// stepCheckPlan finds out, before an instance is paid for, what would make the end
// of the build fail: keys, Regions, names, sharing. It makes read calls only.
type stepCheckPlan struct{ *build }

func (s stepCheckPlan) Run(ctx context.Context, _ multistep.StateBag) multistep.StepAction {
	err := s.checkNetwork(ctx)
	if !s.cfg.AMISkipCreateImage {
		err = errors.Join(err, s.checkNames(ctx), s.checkDistribution(ctx))
	}
	if err != nil {
		return s.halt("nothing was launched: %w", err)
	}
	return multistep.ActionContinue
}

func (stepCheckPlan) Cleanup(multistep.StateBag) {}

// checkNetwork tells of a VPC that the launch cannot find a subnet in.
func (s stepCheckPlan) checkNetwork(ctx context.Context) error {
	c := s.cfg
	if s.reused() || c.VpcId == "" || c.SubnetId != "" || !c.SubnetFilter.Empty() {
		return nil
	}
	out, err := s.clients.EC2("").DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{c.VpcId}})
	switch {
	case err != nil:
		return fmt.Errorf("vpc_id: %w", err)
	case len(out.Vpcs) == 1 && !aws.ToBool(out.Vpcs[0].IsDefault):
		return fmt.Errorf("vpc_id: %s is not the default VPC, so subnet_id or subnet_filter must be set", c.VpcId)
	}
	return nil
}

// checkNames finds images that have the name already, and decides whether the image
// of the instance can be the result.
func (s stepCheckPlan) checkNames(ctx context.Context) error {
	c := s.cfg
	if s.reused() {
		return nil
	}
	var err error
	switch {
	case c.AMIForceDeregister:
		regions := c.AMIRegions
		if !c.AMISkipBuildRegion {
			regions = append([]string{s.region()}, regions...)
		}
		s.inTheWay, err = s.namesakes(ctx, s.name, regions)
	case !c.AMISkipBuildRegion:
		var taken []namesake
		if taken, err = s.namesakes(ctx, s.name, []string{s.region()}); len(taken) > 0 {
			err = fmt.Errorf("ami_name: %q is the name of %s; choose another one, or set force_deregister to replace that image", s.name, taken[0])
		}
	}
	s.intermediary = s.whyIntermediary()
	if s.intermediary != "" {
		s.say("The image of the instance will be copied and removed: %s", s.intermediary)
	}
	return err
}

// whyIntermediary gives the reason why the image of the instance cannot be the
// result, empty if it can.
func (s stepCheckPlan) whyIntermediary() string {
	c := s.cfg
	switch {
	case c.AMISkipBuildRegion:
		return "it is not kept in " + s.region() + " (skip_save_build_region)"
	case c.AMIEncryptBootVolume.True() && !c.encryptsAtLaunch():
		return "a volume is not encrypted at launch, so the copy is encrypted (encrypt_boot)"
	}
	for _, n := range s.inTheWay {
		if n.region == s.region() {
			return "its name belongs to " + n.id + " until the new image is good (force_deregister)"
		}
	}
	return ""
}

// checkDistribution has the engine look at keys, Regions, names and sharing.
func (s stepCheckPlan) checkDistribution(ctx context.Context) error {
	spec, err := s.spec()
	if err != nil {
		return err
	}
	if s.reused() && len(spec.Targets) == 0 {
		return nil // nothing is launched or copied that asking first could save
	}
	if s.cfg.AMIForceDeregister {
		spec.Name = "" // whose image has the name was looked at above
	}
	if s.cfg.AMISkipRegionValidation {
		spec.Targets, spec.FastLaunch = nil, nil
	}
	source := distribution.Source{Region: s.region(), ImageID: s.imageID}
	return s.engine().Preflight(ctx, source, spec)
}
