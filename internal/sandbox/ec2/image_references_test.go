package ec2_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func (c *cloud) references(in *ec2.DescribeImageReferencesInput) []string {
	c.t.Helper()
	out, err := c.home.DescribeImageReferences(c.t.Context(), in)
	var arns []string
	for _, r := range must(c.t, out, err).ImageReferences {
		arns = append(arns, string(r.ResourceType)+" "+*r.Arn)
	}
	return arns
}

func TestImageReferencesOfTheOwnAccount(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	instance := c.launch()
	image := c.vendor(c.home).ImageId
	template, err := c.home.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("web"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: image},
	})
	must(t, 0, err)
	_, err = c.SSM(sandboxtest.Home, here).PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String("/golden/web"), Value: image, Type: ssmtypes.ParameterTypeString})
	must(t, 0, err)
	run, err := c.partner.RunInstances(t.Context(), &ec2.RunInstancesInput{ImageId: image, InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1)})
	must(t, run, err)
	prefix := "arn:aws:ec2:us-east-1:123456789012:"
	want := []string{
		"ec2:Instance " + prefix + "instance/" + instance, "ec2:LaunchTemplate " + prefix + "launch-template/" + *template.LaunchTemplate.LaunchTemplateId,
		"ssm:Parameter arn:aws:ssm:us-east-1:123456789012:parameter/golden/web",
	}
	if got := c.references(&ec2.DescribeImageReferencesInput{ImageIds: []string{*image}, IncludeAllResourceTypes: aws.Bool(true)}); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	stopped := []types.ResourceTypeRequest{{ResourceType: types.ImageReferenceResourceTypeEc2Instance, ResourceTypeOptions: []types.ResourceTypeOption{
		{OptionName: types.ImageReferenceOptionNameStateName, OptionValues: []string{"stopped"}},
	}}}
	if got := c.references(&ec2.DescribeImageReferencesInput{ImageIds: []string{*image}, ResourceTypes: stopped}); len(got) != 0 {
		t.Errorf("stopped instances: %v", got)
	}
	_, err = c.home.DescribeImageReferences(t.Context(), &ec2.DescribeImageReferencesInput{ImageIds: []string{*image}})
	refused(t, err, badRequest, "MissingParameter", "The request must contain the parameter IncludeAllResourceTypes or ResourceTypes")
}

func TestImageReferencesLookAtTheLatestVersions(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	image := c.vendor(c.home).ImageId
	template, err := c.home.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("web"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: image},
	})
	must(t, 0, err)
	for range 2 {
		_, err := c.home.CreateLaunchTemplateVersion(t.Context(), &ec2.CreateLaunchTemplateVersionInput{
			LaunchTemplateId: template.LaunchTemplate.LaunchTemplateId, LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String("ami-0123456789abcdef0")},
		})
		must(t, 0, err)
	}
	for depth, want := range map[string]int{"2": 0, "3": 1} {
		got := c.references(&ec2.DescribeImageReferencesInput{ImageIds: []string{*image}, ResourceTypes: []types.ResourceTypeRequest{{
			ResourceType:        types.ImageReferenceResourceTypeEc2LaunchTemplate,
			ResourceTypeOptions: []types.ResourceTypeOption{{OptionName: types.ImageReferenceOptionNameVersionDepth, OptionValues: []string{depth}}},
		}}})
		if len(got) != want {
			t.Errorf("depth %s: %v", depth, got)
		}
	}
}

func TestInstanceImageMetadataOutlivesTheImage(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	image := c.build("short-lived")
	run, err := c.home.RunInstances(t.Context(), &ec2.RunInstancesInput{ImageId: aws.String(image), InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1)})
	instance := *must(t, run, err).Instances[0].InstanceId
	_, err = c.home.DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: aws.String(image)})
	must(t, 0, err)
	out, err := c.home.DescribeInstanceImageMetadata(t.Context(), &ec2.DescribeInstanceImageMetadataInput{InstanceIds: []string{instance}})
	items := must(t, out, err).InstanceImageMetadata
	if len(items) != 1 || *items[0].ImageMetadata.ImageId != image || *items[0].ImageMetadata.Name != "short-lived" ||
		items[0].ImageMetadata.State != types.ImageStateDeregistered || *items[0].ZoneId != "use1-az1" || *items[0].ImageMetadata.OwnerId != sandboxtest.Home {
		t.Errorf("got %+v", items)
	}
	filtered, err := c.home.DescribeInstanceImageMetadata(t.Context(), &ec2.DescribeInstanceImageMetadataInput{Filters: []types.Filter{filter("owner-alias", "amazon")}})
	if items := must(t, filtered, err).InstanceImageMetadata; len(items) != 1 || *items[0].InstanceId == instance {
		t.Errorf("of Amazon's images: %+v", items)
	}
	_, err = c.partner.DescribeInstanceImageMetadata(t.Context(), &ec2.DescribeInstanceImageMetadataInput{InstanceIds: []string{instance}})
	refused(t, err, badRequest, "InvalidInstanceID.NotFound", "The instance ID '"+instance+"' does not exist")
}
