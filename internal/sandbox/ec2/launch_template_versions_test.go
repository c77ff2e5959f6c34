package ec2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func (c *cloud) template(data *types.RequestLaunchTemplateData) *string {
	c.t.Helper()
	out, err := c.home.CreateLaunchTemplate(c.t.Context(), &ec2.CreateLaunchTemplateInput{LaunchTemplateName: aws.String("web"), LaunchTemplateData: data})
	return must(c.t, out, err).LaunchTemplate.LaunchTemplateId
}

func (c *cloud) versions(in *ec2.DescribeLaunchTemplateVersionsInput) []types.LaunchTemplateVersion {
	c.t.Helper()
	out, err := c.home.DescribeLaunchTemplateVersions(c.t.Context(), in)
	return must(c.t, out, err).LaunchTemplateVersions
}

func TestLaunchTemplateVersions(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	image := c.vendor(c.home).ImageId
	id := c.template(&types.RequestLaunchTemplateData{ImageId: image, InstanceType: types.InstanceTypeT3Small, TagSpecifications: []types.LaunchTemplateTagSpecificationRequest{
		{ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("2")}}},
	}})
	add := func(change func(*ec2.CreateLaunchTemplateVersionInput)) *types.LaunchTemplateVersion {
		in := &ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: id, SourceVersion: aws.String("1"), LaunchTemplateData: &types.RequestLaunchTemplateData{InstanceType: types.InstanceTypeT3Large}}
		if change != nil {
			change(in)
		}
		out, err := c.home.CreateLaunchTemplateVersion(t.Context(), in)
		return must(t, out, err).LaunchTemplateVersion
	}
	second := add(func(in *ec2.CreateLaunchTemplateVersionInput) {
		in.ClientToken, in.VersionDescription = aws.String("once"), aws.String("bigger")
	})
	if *second.VersionNumber != 2 || *second.DefaultVersion || *second.LaunchTemplateData.ImageId != *image || second.LaunchTemplateData.InstanceType != types.InstanceTypeT3Large {
		t.Errorf("the second version: %+v", second.LaunchTemplateData)
	}
	if again := add(func(in *ec2.CreateLaunchTemplateVersionInput) {
		in.ClientToken, in.VersionDescription = aws.String("once"), aws.String("bigger")
	}); *again.VersionNumber != 2 {
		t.Errorf("the same token gives version %d", *again.VersionNumber)
	}
	_, err := c.home.ModifyLaunchTemplate(t.Context(), &ec2.ModifyLaunchTemplateInput{LaunchTemplateId: id, DefaultVersion: aws.String("2")})
	must(t, 0, err)
	add(nil)
	got := c.versions(&ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: id})
	if len(got) != 3 || *got[0].VersionNumber != 3 || !*got[1].DefaultVersion || *got[1].VersionDescription != "bigger" {
		t.Errorf("versions: %+v", got)
	}
	if got := c.versions(&ec2.DescribeLaunchTemplateVersionsInput{Versions: []string{"$Latest", "$Default"}}); len(got) != 2 || *got[0].VersionNumber != 3 || *got[1].VersionNumber != 2 {
		t.Errorf("latest and default of all: %+v", got)
	}
	if got := c.versions(&ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: id, MinVersion: aws.String("2"), Filters: []types.Filter{filter("is-default-version", "false")}}); len(got) != 1 || *got[0].VersionNumber != 3 {
		t.Errorf("from 2 on: %+v", got)
	}
	run, err := c.home.RunInstances(t.Context(), &ec2.RunInstancesInput{
		LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateId: id, Version: aws.String("1")}, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{{Key: aws.String("c"), Value: aws.String("3")}}}},
	})
	instance := must(t, run, err).Instances[0]
	if instance.InstanceType != types.InstanceTypeT3Small || len(instance.Tags) != 1 || *instance.Tags[0].Key != "c" {
		t.Errorf("the request's tags replace the template's: %s %v", instance.InstanceType, instance.Tags)
	}
	data, err := c.home.GetLaunchTemplateData(t.Context(), &ec2.GetLaunchTemplateDataInput{InstanceId: instance.InstanceId})
	if d := must(t, data, err).LaunchTemplateData; *d.ImageId != *image || *d.BlockDeviceMappings[0].DeviceName != "/dev/xvda" || *d.MetadataOptions.HttpPutResponseHopLimit != 2 {
		t.Errorf("the instance as a template: %+v", d)
	}
}

func TestDeleteLaunchTemplateVersions(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.template(&types.RequestLaunchTemplateData{InstanceType: types.InstanceTypeT3Small})
	_, err := c.home.CreateLaunchTemplateVersion(t.Context(), &ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: id, LaunchTemplateData: &types.RequestLaunchTemplateData{}})
	if err == nil {
		t.Error("a version without any data is accepted")
	}
	_, err = c.home.CreateLaunchTemplateVersion(t.Context(), &ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: id, LaunchTemplateData: &types.RequestLaunchTemplateData{KeyName: aws.String("k")}})
	must(t, 0, err)
	_, err = c.home.DeleteLaunchTemplateVersions(t.Context(), &ec2.DeleteLaunchTemplateVersionsInput{LaunchTemplateId: id, Versions: []string{"1", "2"}})
	refused(t, err, badRequest, "InvalidParameterValue", "The default version cannot be deleted. Either specify another version as default or delete the launch template.")
	out, err := c.home.DeleteLaunchTemplateVersions(t.Context(), &ec2.DeleteLaunchTemplateVersionsInput{LaunchTemplateId: id, Versions: []string{"2", "9"}})
	got := must(t, out, err)
	if len(got.SuccessfullyDeletedLaunchTemplateVersions) != 1 || *got.SuccessfullyDeletedLaunchTemplateVersions[0].VersionNumber != 2 ||
		len(got.UnsuccessfullyDeletedLaunchTemplateVersions) != 1 || got.UnsuccessfullyDeletedLaunchTemplateVersions[0].ResponseError.Code != types.LaunchTemplateErrorCodeLaunchTemplateVersionDoesNotExist {
		t.Errorf("got %+v", got)
	}
	_, err = c.home.DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: id, Versions: []string{"2"}})
	refused(t, err, badRequest, "InvalidLaunchTemplateId.VersionNotFound", "Could not find the specified version 2 for the launch template with ID "+*id+".")
	templates, err := c.home.DescribeLaunchTemplates(t.Context(), &ec2.DescribeLaunchTemplatesInput{LaunchTemplateIds: []string{*id}})
	if n := *must(t, templates, err).LaunchTemplates[0].LatestVersionNumber; n != 1 {
		t.Errorf("the latest version is %d", n)
	}
}

func TestImageAliasesAreResolvedAtLaunch(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	image := c.vendor(c.home).ImageId
	put := func(value string) {
		_, err := c.SSM(sandboxtest.Home, here).PutParameter(t.Context(), &ssm.PutParameterInput{
			Name: aws.String("/golden/web"), Value: aws.String(value), Type: ssmtypes.ParameterTypeString, Overwrite: aws.Bool(true),
		})
		must(t, 0, err)
	}
	put("ami-0123456789abcdef0")
	put(*image)
	id := c.template(&types.RequestLaunchTemplateData{ImageId: aws.String("resolve:ssm:/golden/web"), InstanceType: types.InstanceTypeT3Small})
	plain := c.versions(&ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: id})[0].LaunchTemplateData.ImageId
	resolved := c.versions(&ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: id, ResolveAlias: aws.Bool(true)})[0].LaunchTemplateData.ImageId
	if *plain != "resolve:ssm:/golden/web" || *resolved != *image {
		t.Errorf("the alias is %s, resolved %s", *plain, *resolved)
	}
	for alias, want := range map[string]string{
		"resolve:ssm:/golden/web:2": *image,
		"resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64": *image,
	} {
		run, err := c.home.RunInstances(t.Context(), &ec2.RunInstancesInput{ImageId: aws.String(alias), InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1)})
		if got := *must(t, run, err).Instances[0].ImageId; got != want {
			t.Errorf("%s: want %s, got %s", alias, want, got)
		}
	}
	_, err := c.home.RunInstances(t.Context(), &ec2.RunInstancesInput{ImageId: aws.String("resolve:ssm:/golden/db"), InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1)})
	refused(t, err, badRequest, "InvalidParameterValue", "The parameter /golden/db does not exist or does not hold the ID of an AMI.")
}
