package ebs

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/hashicorp/packer-plugin-sdk/template/config"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// testedImage is the new image as its test needs it.
type testedImage struct {
	id        string
	snapshots []string
	devices   []types.BlockDeviceMapping
}

// ids are what carries the state.
func (i testedImage) ids() []string { return append([]string{i.id}, i.snapshots...) }

func (s stepVerifyImage) testedImage(ctx context.Context) (testedImage, error) {
	out, err := s.clients.EC2("").DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{s.imageID}})
	if err != nil {
		return testedImage{}, fmt.Errorf("look at image %s: %w", s.imageID, err)
	}
	if len(out.Images) != 1 {
		return testedImage{}, fmt.Errorf("EC2 does not show image %s any more", s.imageID)
	}
	image := testedImage{id: s.imageID}
	for _, m := range out.Images[0].BlockDeviceMappings {
		if m.Ebs == nil {
			continue
		}
		image.devices = append(image.devices, types.BlockDeviceMapping{
			DeviceName: m.DeviceName, Ebs: &types.EbsBlockDevice{DeleteOnTermination: aws.Bool(true)},
		})
		if m.Ebs.SnapshotId != nil {
			image.snapshots = append(image.snapshots, *m.Ebs.SnapshotId)
		}
	}
	return image, nil
}

// launchTrials starts the instances with one call, so that there are all or none.
func (s stepVerifyImage) launchTrials(ctx context.Context, image testedImage) ([]*trial, error) {
	count := int32(1)
	if s.cfg.Verify.UniqueIdentity {
		count = 2
	}
	request, err := s.trialRequest(image, count)
	if err != nil {
		return nil, err
	}
	s.say("Testing image %s: starting %d × %s", s.imageID, count, request.InstanceType)
	began := time.Now()
	var out *ec2.RunInstancesOutput
	// A new image, and a new instance profile, are not known everywhere at once.
	passes := func(err error) bool { return cloud.IsPending(err) || cloud.Code(err) == "InvalidAMIID.NotFound" }
	err = patiently(ctx, time.Minute, passes, func(ctx context.Context) error {
		var err error
		out, err = s.clients.EC2("").RunInstances(ctx, request)
		return err
	})
	switch {
	case cloud.IsCapacity(err):
		return nil, fmt.Errorf("start %s: %w; name another type in verify: instance_type, or build again later", request.InstanceType, err)
	case err != nil:
		return nil, fmt.Errorf("start an instance: %w", err)
	}
	trials := make([]*trial, 0, count)
	for _, i := range out.Instances {
		trials = append(trials, &trial{build: s.build, id: aws.ToString(i.InstanceId), began: began})
	}
	if len(trials) != int(count) {
		return nil, fmt.Errorf("EC2 started %d instances and was asked for %d", len(trials), count)
	}
	return trials, nil
}

// trialRequest starts the image as a user would, in the surroundings of the build.
func (s stepVerifyImage) trialRequest(image testedImage, count int32) (*ec2.RunInstancesInput, error) {
	data, err := s.cfg.firstBootData()
	if err != nil {
		return nil, fmt.Errorf("user data: %w", err)
	}
	tags, err := s.rendered(s.runTags())
	if err != nil {
		return nil, fmt.Errorf("run_tags: %w", err)
	}
	volumeTags, err := s.rendered(s.cfg.VolumeRunTags)
	if err != nil {
		return nil, fmt.Errorf("run_volume_tags: %w", err)
	}
	maps.Copy(volumeTags, (ami.Meta{Run: s.runID}).Tags())
	base := s.cfg.launchRequest(s.source, s.subnetID)
	kind := base.instanceType
	if s.cfg.Verify.InstanceType != "" {
		kind = types.InstanceType(s.cfg.Verify.InstanceType)
	}
	s.verification.tries++
	in := &ec2.RunInstancesInput{
		ImageId: &image.id, InstanceType: kind, MinCount: &count, MaxCount: &count,
		ClientToken:                       aws.String(fmt.Sprintf("verify-%s-%d", image.id, s.verification.tries)),
		KeyName:                           dropEmpty(&s.cfg.Comm.SSHKeyPairName),
		BlockDeviceMappings:               image.devices,
		MetadataOptions:                   &base.metadata,
		InstanceInitiatedShutdownBehavior: types.ShutdownBehaviorTerminate,
		TagSpecifications: []types.TagSpecification{
			{ResourceType: types.ResourceTypeInstance, Tags: ami.EC2Tags(tags)},
			{ResourceType: types.ResourceTypeNetworkInterface, Tags: ami.EC2Tags(tags)},
			{ResourceType: types.ResourceTypeVolume, Tags: ami.EC2Tags(volumeTags)},
		},
	}
	if len(data) > 0 {
		in.UserData = aws.String(base64.StdEncoding.EncodeToString(data))
	}
	s.place(in)
	return in, nil
}

// place puts the instances where the build instance was.
func (s stepVerifyImage) place(in *ec2.RunInstancesInput) {
	c := s.cfg
	text := func(key string) string { v, _ := s.state.Get(key).(string); return v }
	groups, _ := s.state.Get("securityGroupIds").([]string)
	subnet := s.subnetID()
	if subnet != "" && c.AssociatePublicIpAddress != config.TriUnset {
		in.NetworkInterfaces = []types.InstanceNetworkInterfaceSpecification{{
			DeviceIndex: aws.Int32(0), SubnetId: &subnet, Groups: groups, DeleteOnTermination: aws.Bool(true),
			AssociatePublicIpAddress: c.AssociatePublicIpAddress.ToBoolPointer(),
		}}
	} else {
		in.SubnetId, in.SecurityGroupIds = dropEmpty(&subnet), groups
	}
	if profile := text("iamInstanceProfile"); profile != "" {
		in.IamInstanceProfile = &types.IamInstanceProfileSpecification{Name: &profile}
	}
	tenancy := c.Placement.Tenancy
	setDefault(&tenancy, c.Tenancy) //nolint:staticcheck // deprecated by amazon-ebs, and still an option of it
	placement := types.Placement{
		Tenancy: types.Tenancy(tenancy), HostId: dropEmpty(&c.Placement.HostId),
		HostResourceGroupArn: dropEmpty(&c.Placement.HostResourceGroupArn),
	}
	if zone := text("availability_zone"); zone != "" {
		placement.AvailabilityZone = &zone
	}
	if placement != (types.Placement{}) {
		in.Placement = &placement
	}
}
