package ami_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func TestUnfinished(t *testing.T) {
	t.Parallel()
	const region = "eu-west-1"
	api := sandboxtest.Start(t, sandbox.Options{}).EC2(sandboxtest.Home, region)
	snapshot := anySnapshot(t, api, region)
	want := map[ami.State]bool{"": true, ami.Building: true, ami.Testing: true, ami.Bad: true, ami.Good: false, ami.Revoked: false, ami.Retired: false}
	for state, unfinished := range want {
		meta := ami.Meta{Run: "run-1"}
		if state != "" {
			meta = ami.Meta{Run: "run-1", Family: "web", Tier: ami.OSOnly, State: state}
		}
		out, err := api.RegisterImage(t.Context(), &ec2.RegisterImageInput{
			Name: aws.String("image-" + string(state)), Architecture: types.ArchitectureValuesX8664, RootDeviceName: aws.String("/dev/xvda"),
			VirtualizationType:  aws.String("hvm"),
			BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{SnapshotId: snapshot}}},
			TagSpecifications:   []types.TagSpecification{{ResourceType: types.ResourceTypeImage, Tags: ami.EC2Tags(meta.Tags())}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ami.Unfinished(t.Context(), api, *out.ImageId); err != nil || got != unfinished {
			t.Errorf("an image in state %q is unfinished: %v, %v", state, got, err)
		}
		if tags := ami.EC2Tags(meta.Tags()); !ami.MadeBy("run-1", tags) || ami.MadeBy("run-2", tags) || ami.MadeBy("", nil) {
			t.Errorf("whose %v are is wrong", tags)
		}
	}
	if got, err := ami.Unfinished(t.Context(), api, "ami-0123456789abcdef0"); err != nil || !got {
		t.Errorf("an image that is gone is unfinished: %v, %v", got, err)
	}
}
