package ec2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func TestVendorImages(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	for name, want := range map[string]struct {
		owner, pattern, details, usage string
		boot                           types.BootModeValues
		root                           string
		size                           int32
		codes                          int
	}{
		"Amazon Linux": {"137112412989", "al2023-ami-2023.9.20261102*x86_64", "Linux/UNIX", "RunInstances", types.BootModeValuesUefiPreferred, "/dev/xvda", 8, 0},
		"Debian 12":    {"136693071363", "debian-12-amd64-*", "Linux/UNIX", "RunInstances", types.BootModeValuesUefiPreferred, "/dev/xvda", 8, 0},
		"Debian 13":    {"136693071363", "debian-13-amd64-*", "Linux/UNIX", "RunInstances", types.BootModeValuesUefiPreferred, "/dev/xvda", 8, 0},
		"Ubuntu":       {"099720109477", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*", "Linux/UNIX", "RunInstances", types.BootModeValuesUefiPreferred, "/dev/sda1", 8, 0},
		"RHEL":         {"309956199498", "RHEL-9*_HVM-*-x86_64-*", "Red Hat Enterprise Linux", "RunInstances:0010", types.BootModeValuesUefiPreferred, "/dev/sda1", 10, 0},
		"SLES":         {"013907871322", "suse-sles-15-sp?-v*-hvm-ssd-x86_64", "SUSE Linux", "RunInstances:000g", types.BootModeValuesUefiPreferred, "/dev/sda1", 10, 0},
		"Marketplace":  {"679593333241", "Rocky-9-*", "Linux/UNIX", "RunInstances", types.BootModeValuesUefiPreferred, "/dev/sda1", 10, 1},
		"Windows 2016": {"801119661308", "Windows_Server-2016-English-Full-Base-*", "Windows", "RunInstances:0002", "", "/dev/sda1", 30, 0},
		"Windows 2019": {"801119661308", "Windows_Server-2019-English-Full-Base-*", "Windows", "RunInstances:0002", "", "/dev/sda1", 30, 0},
		"Windows 2022": {"801119661308", "Windows_Server-2022-English-Full-Base-*", "Windows", "RunInstances:0002", "", "/dev/sda1", 30, 0},
		"Windows 2025": {"801119661308", "Windows_Server-2025-English-Full-Base-*", "Windows", "RunInstances:0002", types.BootModeValuesUefi, "/dev/sda1", 30, 0},
	} {
		found := c.images(c.home, &ec2.DescribeImagesInput{Owners: []string{want.owner}, Filters: []types.Filter{filter("name", want.pattern), filter("is-public", "true")}})
		if len(found) != 1 {
			t.Errorf("%s: %d images", name, len(found))
			continue
		}
		image := found[0]
		if *image.PlatformDetails != want.details || *image.UsageOperation != want.usage || image.BootMode != want.boot || *image.RootDeviceName != want.root ||
			*image.BlockDeviceMappings[0].Ebs.VolumeSize != want.size || len(image.ProductCodes) != want.codes || (image.Platform == "windows") != (want.details == "Windows") {
			t.Errorf("%s: %+v", name, image)
		}
	}
	if out := c.images(c.home, &ec2.DescribeImagesInput{Filters: []types.Filter{filter("name", "Windows_Server-2012-R2*")}}); len(out) != 0 {
		t.Error("a public image is not deprecated two years after it was made")
	}
	if old := c.images(c.home, &ec2.DescribeImagesInput{IncludeDeprecated: aws.Bool(true), Filters: []types.Filter{filter("name", "Windows_Server-2012-R2*")}}); len(old) != 1 || *old[0].DeprecationTime != "2025-10-11T07:36:25.000Z" {
		t.Errorf("the deprecated image: %+v", old)
	}
}

func TestVendorImagesWithCodesCannotBeCopied(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	for pattern, message := range map[string]string{
		"Rocky-9-*": "Images from AWS Marketplace cannot be copied to another AWS account",
		"Windows_Server-2022-English-Full-Base-*": "Images with EC2 BillingProduct codes cannot be copied to another AWS account",
		"RHEL-9*": "Images with EC2 BillingProduct codes cannot be copied to another AWS account",
	} {
		image := c.images(c.home, &ec2.DescribeImagesInput{Filters: []types.Filter{filter("name", pattern)}})[0]
		_, err := c.abroad.CopyImage(t.Context(), &ec2.CopyImageInput{Name: aws.String("copy"), SourceImageId: image.ImageId, SourceRegion: aws.String(here)})
		refused(t, err, badRequest, "InvalidRequest", message)
	}
	out, err := c.abroad.CopyImage(t.Context(), &ec2.CopyImageInput{Name: aws.String("copy"), SourceImageId: c.vendor(c.home).ImageId, SourceRegion: aws.String(here)})
	must(t, out, err)
}

func TestPublicParametersNameTheNewestImages(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	for name, pattern := range map[string]string{
		"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64":              "al2023-ami-2023.9.20261102.0-kernel-6.1-x86_64",
		"/aws/service/ami-windows-latest/Windows_Server-2025-English-Full-Base":              "Windows_Server-2025-English-Full-Base-*",
		"/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id": "ubuntu/images/*noble*",
		"/aws/service/suse/sles/15-sp7/x86_64/latest":                                        "suse-sles-15-sp7-*",
	} {
		out, err := c.SSM(sandboxtest.Home, here).GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String(name)})
		id := *must(t, out, err).Parameter.Value
		if got := c.images(c.home, &ec2.DescribeImagesInput{ImageIds: []string{id}, Filters: []types.Filter{filter("name", pattern)}}); len(got) != 1 {
			t.Errorf("%s is %s, which is no %s", name, id, pattern)
		}
	}
}
