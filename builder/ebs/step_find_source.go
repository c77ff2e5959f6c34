package ebs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	awscommon "github.com/hashicorp/packer-plugin-amazon/common"
	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/layer"
)

// stepFindSource finds the image that the instance starts from: the source AMI, or
// for a tier above the lowest its parent, which another build of this run may still
// be making. Nothing is launched before it is known.
//
// Writes: source_image.
type stepFindSource struct{ *build }

func (s stepFindSource) Run(ctx context.Context, _ multistep.StateBag) multistep.StepAction {
	id := ""
	if s.cfg.layered() {
		base, err := s.resolve(ctx)
		if err != nil {
			return s.halt("parent: %w", err)
		}
		s.base, id = base, base.ImageID
	}
	image, err := s.sourceImage(ctx, id)
	if err != nil {
		return s.halt("source AMI in %s: %w", s.region(), err)
	}
	if err := s.cfg.checkSource(image); err != nil {
		return s.halt("source AMI %s: %w", aws.ToString(image.ImageId), err)
	}
	s.source = image
	s.state.Put("source_image", &image)
	s.say("Source: %s (%s) in %s", aws.ToString(image.ImageId), aws.ToString(image.Name), s.region())
	return multistep.ActionContinue
}

func (stepFindSource) Cleanup(multistep.StateBag) {}

// resolve asks for the parent, and waits for it where it is built in this run.
func (s stepFindSource) resolve(ctx context.Context) (layer.Base, error) {
	c := s.cfg
	onMissing, err := layer.ParseOnMissing(c.Parent.OnMissing)
	if err != nil {
		return layer.Base{}, err
	}
	request := layer.Request{
		Architecture: c.architecture(), OnMissing: onMissing,
		Source: func(ctx context.Context) (string, error) {
			image, err := s.sourceImage(ctx, "")
			return aws.ToString(image.ImageId), err
		},
	}
	if c.Parent.Tier != "" {
		request.Parent = c.layerKey().WithTier(ami.Tier(c.Parent.Tier))
	}
	resolver := layer.Resolver{
		Run:    s.session,
		Lookup: layer.EC2Lookup{API: s.clients.EC2(""), Owners: accounts(c.Parent.Owners)},
		Report: func(text string) { s.say("%s: %s", c.Tier, text) },
	}
	waiting, stop := context.WithTimeoutCause(ctx, max(c.parentTimeout, time.Minute),
		fmt.Errorf("it was not ready within %s (parent: wait_timeout)", c.parentTimeout))
	defer stop()
	base, err := resolver.Resolve(waiting, request)
	if err != nil && ctx.Err() == nil && waiting.Err() != nil {
		return base, fmt.Errorf("%w: %w", err, context.Cause(waiting))
	}
	return base, err
}

// accounts drops self, which is what a look-up does when it is given nobody.
func accounts(owners []string) []string {
	if len(owners) == 1 && owners[0] == "self" {
		return nil
	}
	return owners
}

// sourceImage gives the image with that id, or the one that the options describe.
func (s stepFindSource) sourceImage(ctx context.Context, id string) (types.Image, error) {
	in, filter := &ec2.DescribeImagesInput{}, awscommon.AmiFilterOptions{}
	switch {
	case id != "":
		in.ImageIds = []string{id}
	default:
		filter = s.cfg.SourceAmiFilter
		if s.cfg.SourceAmi != "" {
			in.ImageIds = []string{s.cfg.SourceAmi}
		}
	}
	if _, set := filter.Filters["state"]; len(filter.Filters) > 0 && !set {
		// The newest image may be one that is not finished, or has failed.
		filter.Filters = maps.Clone(filter.Filters)
		filter.Filters["state"] = string(types.ImageStateAvailable)
	}
	image, err := filter.GetFilteredImage(ctx, in, s.clients.EC2(""))
	switch {
	case err != nil && strings.HasPrefix(err.Error(), "No AMI was found"):
		return types.Image{}, notFound(in.ImageIds, filter)
	case err != nil:
		return types.Image{}, err
	}
	return *image, nil
}

func notFound(ids []string, filter awscommon.AmiFilterOptions) error {
	if len(filter.Filters) == 0 {
		return fmt.Errorf("%s does not exist there, or is not shared with this account", strings.Join(ids, ", "))
	}
	var wants []string
	for _, name := range sortedKeys(filter.Filters) {
		wants = append(wants, fmt.Sprintf("%s = %q", name, filter.Filters[name]))
	}
	return fmt.Errorf("source_ami_filter: no image of %s has %s", strings.Join(filter.Owners, ", "), strings.Join(wants, ", "))
}

// checkSource tells what would only fail at the launch, or after it.
func (c *Config) checkSource(image types.Image) error {
	if image.RootDeviceType != "" && image.RootDeviceType != types.DeviceTypeEbs {
		return fmt.Errorf("its root device is of type %s, and an image can be made of EBS volumes only", image.RootDeviceType)
	}
	enhanced := c.AMIENASupport.True() || c.AMISriovNetSupport
	virtualization := types.VirtualizationType(c.AMIVirtType)
	if virtualization == "" {
		virtualization = image.VirtualizationType
	}
	if enhanced && virtualization != types.VirtualizationTypeHvm {
		return fmt.Errorf("ena_support, sriov_support: enhanced networking needs virtualization type hvm, not %s", virtualization)
	}
	if want := c.architecture(); want != "" && image.Architecture != "" && compatible(want, string(image.Architecture)) != nil {
		return compatible(want, string(image.Architecture))
	}
	return nil
}

// compatible tells whether an instance type can run an image.
func compatible(machine, image string) error {
	if machine == image || (machine == "x86_64" && image == "i386") {
		return nil
	}
	return errors.New("it is an image for " + image + " and instance_type is for " + machine + "; take an image or a type of the other architecture")
}
