package ec2_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func TestUsageReportsCountOtherAccounts(t *testing.T) {
	t.Parallel()
	c := start(t, slow)
	image := c.build("shared")
	c.clock.Pass(time.Hour)
	share(t, c, image, types.LaunchPermission{UserId: aws.String(sandboxtest.Partner)})
	for range 2 {
		run, err := c.partner.RunInstances(t.Context(), &ec2.RunInstancesInput{ImageId: aws.String(image), InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1)})
		must(t, run, err)
	}
	_, err := c.partner.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{LaunchTemplateName: aws.String("web"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String(image)}})
	must(t, 0, err)
	in := &ec2.CreateImageUsageReportInput{
		ImageId: aws.String(image), ClientToken: aws.String("once"),
		ResourceTypes:     []types.ImageUsageResourceTypeRequest{{ResourceType: aws.String("ec2:Instance")}, {ResourceType: aws.String("ec2:LaunchTemplate"), ResourceTypeOptions: []types.ImageUsageResourceTypeOptionRequest{{OptionName: aws.String("version-depth"), OptionValues: []string{"5"}}}}},
		TagSpecifications: []types.TagSpecification{{ResourceType: "image-usage-report", Tags: []types.Tag{{Key: aws.String("why"), Value: aws.String("retention")}}}},
	}
	made, err := c.home.CreateImageUsageReport(t.Context(), in)
	id := *must(t, made, err).ReportId
	again, err := c.home.CreateImageUsageReport(t.Context(), in)
	if *must(t, again, err).ReportId != id {
		t.Error("the same token makes another report")
	}
	entries := func() []types.ImageUsageReportEntry {
		out, err := c.home.DescribeImageUsageReportEntries(t.Context(), &ec2.DescribeImageUsageReportEntriesInput{ImageIds: []string{image}})
		return must(t, out, err).ImageUsageReportEntries
	}
	report := func() types.ImageUsageReport {
		out, err := c.home.DescribeImageUsageReports(t.Context(), &ec2.DescribeImageUsageReportsInput{Filters: []types.Filter{filter("tag:why", "retention")}})
		return must(t, out, err).ImageUsageReports[0]
	}
	if r := report(); *r.State != "pending" || len(entries()) != 0 || r.ResourceTypes[1].ResourceTypeOptions[0].OptionValues[0] != "5" || !r.ExpirationTime.Equal(r.CreationTime.AddDate(0, 0, 30)) {
		t.Errorf("just made: %+v", r)
	}
	c.clock.Pass(time.Hour)
	got := entries()
	if *report().State != "available" || len(got) != 2 || *got[0].AccountId != sandboxtest.Partner || *got[0].ResourceType != "ec2:Instance" || *got[0].UsageCount != 2 || *got[1].UsageCount != 1 {
		t.Errorf("the entries: %+v", got)
	}
	_, err = c.home.DeleteImageUsageReport(t.Context(), &ec2.DeleteImageUsageReportInput{ReportId: aws.String(id)})
	must(t, 0, err)
	_, err = c.home.DescribeImageUsageReports(t.Context(), &ec2.DescribeImageUsageReportsInput{ReportIds: []string{id}})
	refused(t, err, badRequest, "InvalidImageUsageReportId.NotFound", "The image usage report ID '"+id+"' does not exist")
	_, err = c.partner.CreateImageUsageReport(t.Context(), in)
	refused(t, err, badRequest, "AuthFailure", "Not authorized for image:"+image)
}

func TestInstanceTypeSpecification(t *testing.T) {
	t.Parallel()
	c := start(t, slow)
	image := c.build("picky")
	c.clock.Pass(time.Hour)
	set := func(spec *types.InstanceTypeSpecificationRequest) error {
		_, err := c.home.ReplaceImageInstanceTypeSpecification(t.Context(), &ec2.ReplaceImageInstanceTypeSpecificationInput{ImageId: aws.String(image), InstanceTypeSpecification: spec})
		return err
	}
	run := func(kind types.InstanceType) error {
		_, err := c.home.RunInstances(t.Context(), &ec2.RunInstancesInput{ImageId: aws.String(image), InstanceType: kind, MinCount: aws.Int32(1), MaxCount: aws.Int32(1)})
		return err
	}
	must(t, 0, set(&types.InstanceTypeSpecificationRequest{SupportedInstanceTypes: []string{"t3.*"}, UnsupportedInstanceTypes: []string{"t3.large"}}))
	if spec := c.image(c.home, image).InstanceTypeSpecification; *spec.SupportedInstanceTypes[0].InstanceType != "t3.*" || *spec.UnsupportedInstanceTypes[0].InstanceType != "t3.large" {
		t.Errorf("the specification: %+v", spec)
	}
	must(t, 0, run(types.InstanceTypeT3Small))
	for _, kind := range []types.InstanceType{types.InstanceTypeT3Large, types.InstanceTypeM5Large} {
		refused(t, run(kind), badRequest, "InvalidParameterCombination", "The instance type '"+string(kind)+"' is not compatible with the instance type specification of the image "+image+".")
	}
	refused(t, set(&types.InstanceTypeSpecificationRequest{SupportedInstanceTypes: []string{"t3.**"}}), badRequest, "InvalidParameterValue", "Invalid value 't3.**' for InstanceTypeSpecification.")
	refused(t, set(&types.InstanceTypeSpecificationRequest{SupportedInstanceTypes: []string{"t3.*"}, UnsupportedInstanceTypes: []string{"t3.*"}}), badRequest, "InvalidParameterValue", "Duplicate value 't3.*' for InstanceTypeSpecification.")
	must(t, 0, set(nil))
	must(t, 0, run(types.InstanceTypeM5Large))
}
