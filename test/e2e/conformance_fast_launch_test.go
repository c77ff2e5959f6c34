//go:build e2e

package e2e

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

var windows2016 = [2]string{"801119661308", "Windows_Server-2016-English-*-Base-*"}

// fastLaunchGroups are about Windows images that start fast. The instances have no
// guest, so that nothing is prepared in them.
var fastLaunchGroups = []group{
	{name: "fast_launch", source: windows2016, vars: map[string]string{"name": "fast_launch"}, check: func(t *testing.T, c *conformance, _ string) {
		if f := c.fastLaunchOf(t, home, "fast_launch"); f.LaunchTemplate != nil {
			t.Errorf("launch template: %+v", f.LaunchTemplate)
		}
	}},
	{
		name: "fast_launch_template", template: "fast_launch.pkr.hcl", source: windows2016,
		vars: map[string]string{"name": "fast_launch_template", "template_id": "${template_us-east-1}"},
		check: func(t *testing.T, c *conformance, _ string) {
			c.mustHaveTemplate(t, home, "fast_launch_template")
		},
	},
	{
		name: "fast_launch_copies", template: "fast_launch.pkr.hcl", source: windows2016,
		vars: map[string]string{"name": "fast_launch_copies", "regions": `["us-east-2","us-east-1"]`},
		check: func(t *testing.T, c *conformance, _ string) {
			for _, region := range []string{home, ohio} {
				c.fastLaunchOf(t, region, "fast_launch_copies")
			}
		},
	},
	{
		name: "fast_launch_copies_templates", template: "fast_launch.pkr.hcl", source: windows2016,
		vars: map[string]string{
			"name": "fast_launch_copies_templates", "regions": `["us-east-2","us-east-1"]`,
			"templates": `[{region="us-east-1",id="${template_us-east-1}",enable=true},{region="us-east-2",id="${template_us-east-2}",enable=true}]`,
		},
		check: func(t *testing.T, c *conformance, _ string) {
			for _, region := range []string{home, ohio} {
				c.mustHaveTemplate(t, region, "fast_launch_copies_templates")
			}
		},
	},
	{
		name: "fast_launch_one_region", template: "fast_launch.pkr.hcl", source: windows2016,
		vars: map[string]string{
			"name": "fast_launch_one_region", "regions": `["us-east-2","us-east-1"]`,
			"templates": `[{region="us-east-1",id="${template_us-east-1}",enable=true},{region="us-east-2",id="",enable=false}]`,
		},
		check: func(t *testing.T, c *conformance, _ string) {
			c.mustHaveTemplate(t, home, "fast_launch_one_region")
			i := c.image(t, ohio, "fast_launch_one_region")
			out, err := c.ec2(ohio).DescribeFastLaunchImages(t.Context(), &ec2.DescribeFastLaunchImagesInput{ImageIds: []string{*i.ImageId}})
			if err != nil || len(out.FastLaunchImages) != 0 {
				t.Errorf("fast launch in %s: %+v, %v", ohio, out, err)
			}
		},
	},
}

// mustHaveTemplate fails unless the image starts fast from the prepared template.
func (c *conformance) mustHaveTemplate(t *testing.T, region, name string) {
	t.Helper()
	f := c.fastLaunchOf(t, region, name).LaunchTemplate
	if f == nil || aws.ToString(f.LaunchTemplateId) != c.values["template_"+region] || aws.ToString(f.Version) != "1" {
		t.Errorf("launch template of %s in %s: %+v", name, region, f)
	}
}

// fastLaunchOf is the fast launch configuration of an image; it must be enabled.
func (c *conformance) fastLaunchOf(t *testing.T, region, name string) types.DescribeFastLaunchImagesSuccessItem {
	t.Helper()
	out, err := c.ec2(region).DescribeFastLaunchImages(t.Context(), &ec2.DescribeFastLaunchImagesInput{ImageIds: []string{*c.image(t, region, name).ImageId}})
	if err != nil || len(out.FastLaunchImages) != 1 || out.FastLaunchImages[0].State != types.FastLaunchStateCodeEnabled {
		t.Fatalf("fast launch of %s in %s: %+v, %v", name, region, out, err)
	}
	f := out.FastLaunchImages[0]
	if f.SnapshotConfiguration == nil || aws.ToInt32(f.SnapshotConfiguration.TargetResourceCount) != 1 {
		t.Errorf("snapshots: %+v", f.SnapshotConfiguration)
	}
	return f
}
