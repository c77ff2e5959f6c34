package ec2_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func (c *cloud) allow(state types.AllowedImagesSettingsEnabledState, criteria ...types.ImageCriterionRequest) {
	c.t.Helper()
	_, err := c.home.ReplaceImageCriteriaInAllowedImagesSettings(c.t.Context(), &ec2.ReplaceImageCriteriaInAllowedImagesSettingsInput{ImageCriteria: criteria})
	must(c.t, 0, err)
	_, err = c.home.EnableAllowedImagesSettings(c.t.Context(), &ec2.EnableAllowedImagesSettingsInput{AllowedImagesSettingsState: state})
	must(c.t, 0, err)
}

func TestAllowedImagesHideWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	own, vendor := c.build("mine"), c.vendor(c.home)
	if vendor.ImageAllowed != nil {
		t.Error("an image tells of settings that are disabled")
	}
	c.allow(types.AllowedImagesSettingsEnabledStateAuditMode, types.ImageCriterionRequest{ImageProviders: []string{"099720109477"}})
	if got := c.vendor(c.home).ImageAllowed; got == nil || *got {
		t.Errorf("in audit mode: %v", got)
	}
	c.launch()
	_, err := c.home.EnableAllowedImagesSettings(t.Context(), &ec2.EnableAllowedImagesSettingsInput{AllowedImagesSettingsState: types.AllowedImagesSettingsEnabledStateEnabled})
	must(t, 0, err)
	for _, image := range c.images(c.home, &ec2.DescribeImagesInput{}) {
		if *image.OwnerId != "099720109477" && *image.ImageId != own || !*image.ImageAllowed {
			t.Errorf("%s of %s is listed", *image.Name, *image.OwnerId)
		}
	}
	run := func(id *string) error {
		_, err := c.home.RunInstances(t.Context(), &ec2.RunInstancesInput{ImageId: id, InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1)})
		return err
	}
	must(t, 0, run(&own))
	refused(t, run(vendor.ImageId), badRequest, "AuthFailure", "Not authorized for images: ["+*vendor.ImageId+"]")
	metadata, err := c.home.DescribeInstanceImageMetadata(t.Context(), &ec2.DescribeInstanceImageMetadataInput{Filters: []types.Filter{filter("image-allowed", "false")}})
	if n := len(must(t, metadata, err).InstanceImageMetadata); n != 2 {
		t.Errorf("want two instances of an image that is not allowed, got %d", n)
	}
	settings, err := c.home.GetAllowedImagesSettings(t.Context(), &ec2.GetAllowedImagesSettingsInput{})
	if s := must(t, settings, err); *s.State != "enabled" || len(s.ImageCriteria) != 1 || s.ImageCriteria[0].ImageProviders[0] != "099720109477" || s.ManagedBy != types.ManagedByAccount {
		t.Errorf("the settings: %+v", s)
	}
	_, err = c.home.DisableAllowedImagesSettings(t.Context(), &ec2.DisableAllowedImagesSettingsInput{})
	must(t, 0, err)
	must(t, 0, run(vendor.ImageId))
}

func TestAllowedImagesCriteria(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	shared := c.build("shared-1")
	share(t, c, shared, types.LaunchPermission{UserId: aws.String("111122223333")})
	key, err := c.attach(c.home, shared, "approved")
	must(t, 0, err)
	c.clock.Pass(49 * time.Hour)
	for name, test := range map[string]struct {
		criterion types.ImageCriterionRequest
		want      bool
	}{
		"name":            {types.ImageCriterionRequest{ImageNames: []string{"shared-?"}}, true},
		"other name":      {types.ImageCriterionRequest{ImageNames: []string{"db-*"}}, false},
		"account":         {types.ImageCriterionRequest{ImageProviders: []string{"123456789012"}}, true},
		"amazon":          {types.ImageCriterionRequest{ImageProviders: []string{"amazon"}}, false},
		"own alone":       {types.ImageCriterionRequest{ImageProviders: []string{"none"}}, false},
		"young":           {types.ImageCriterionRequest{CreationDateCondition: &types.CreationDateConditionRequest{MaximumDaysSinceCreated: aws.Int32(3)}}, true},
		"too old":         {types.ImageCriterionRequest{CreationDateCondition: &types.CreationDateConditionRequest{MaximumDaysSinceCreated: aws.Int32(2)}}, false},
		"not deprecated":  {types.ImageCriterionRequest{DeprecationTimeCondition: &types.DeprecationTimeConditionRequest{MaximumDaysSinceDeprecated: aws.Int32(0)}}, true},
		"watermark":       {types.ImageCriterionRequest{ImageWatermarks: []types.ImageWatermarkFilterRequest{{WatermarkKey: aws.String("*:approved"), SourceImageRegion: aws.String(here)}}}, true},
		"old watermark":   {types.ImageCriterionRequest{ImageWatermarks: []types.ImageWatermarkFilterRequest{{WatermarkKey: &key, MaximumDaysSinceWatermarkCreated: aws.Int32(1)}}}, false},
		"product code":    {types.ImageCriterionRequest{MarketplaceProductCodes: []string{"abc"}}, false},
		"all parts":       {types.ImageCriterionRequest{ImageNames: []string{"shared-?"}, ImageProviders: []string{"amazon"}}, false},
		"a scan it lacks": {types.ImageCriterionRequest{ScanResultCondition: &types.ScanResultConditionRequest{MaximumSeverityLabel: types.SeverityLabelHigh}}, false},
	} {
		_, err := c.partner.ReplaceImageCriteriaInAllowedImagesSettings(t.Context(), &ec2.ReplaceImageCriteriaInAllowedImagesSettingsInput{ImageCriteria: []types.ImageCriterionRequest{test.criterion}})
		must(t, 0, err)
		_, err = c.partner.EnableAllowedImagesSettings(t.Context(), &ec2.EnableAllowedImagesSettingsInput{AllowedImagesSettingsState: types.AllowedImagesSettingsEnabledStateAuditMode})
		must(t, 0, err)
		if got := c.image(c.partner, shared).ImageAllowed; got == nil || *got != test.want {
			t.Errorf("%s: allowed %v", name, aws.ToBool(got))
		}
	}
	_, err = c.partner.ReplaceImageCriteriaInAllowedImagesSettings(t.Context(), &ec2.ReplaceImageCriteriaInAllowedImagesSettingsInput{
		ImageCriteria: []types.ImageCriterionRequest{{ImageProviders: []string{"none", "amazon"}}},
	})
	refused(t, err, badRequest, "InvalidParameterCombination", "The image provider none cannot be used with other image providers")
}
