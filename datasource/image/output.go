//go:generate packer-sdc struct-markdown
//go:generate packer-sdc mapstructure-to-hcl2 -type DatasourceOutput

package image

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// DatasourceOutput is what is told of the image.
type DatasourceOutput struct {
	// The id of the AMI. Empty, like all that follow, where there is no image and
	// `optional` is set.
	ID string `mapstructure:"id"`
	// The name of the AMI.
	Name string `mapstructure:"name"`
	// The Region that it is in.
	Region string `mapstructure:"region"`
	// The account that owns it.
	Owner string `mapstructure:"owner"`
	// The architecture, such as `x86_64`.
	Architecture string `mapstructure:"architecture"`
	// The version, equal in all Regions.
	Version string `mapstructure:"version"`
	// The AMI that it was built on, in the Region where it was built.
	Parent string `mapstructure:"parent"`
	// The version of that AMI, empty where it is the source AMI.
	ParentVersion string `mapstructure:"parent_version"`
	// The vendor's AMI below all tiers.
	Root string `mapstructure:"root"`
	// The hash of what decides the content.
	Fingerprint string `mapstructure:"fingerprint"`
	// When it was built, such as `2026-11-20T12:00:00Z`.
	BuiltAt string `mapstructure:"built_at"`
	// When its shelf life ends. Empty where it has no end.
	ExpiresAt string `mapstructure:"expires_at"`
	// The launch template that starts instances of this image with the user data of
	// first boot. Empty where the build made none.
	LaunchTemplateID string `mapstructure:"launch_template_id"`
	// The number of the version of that launch template.
	LaunchTemplateVersion string `mapstructure:"launch_template_version"`
	// All tags of the AMI.
	Tags map[string]string `mapstructure:"tags"`
}

func outputOf(i ami.Image) DatasourceOutput {
	out := DatasourceOutput{
		ID: i.ID, Name: i.Name, Region: i.Region, Owner: aws.ToString(i.Raw.OwnerId), Architecture: i.Architecture,
		Version: i.Version, Parent: i.Parent, ParentVersion: i.ParentVersion, Root: i.Root, Fingerprint: i.Fingerprint,
		BuiltAt: told(i.BuiltAt), ExpiresAt: told(i.ExpiresAt), Tags: make(map[string]string, len(i.Raw.Tags)),
	}
	if v := i.LaunchTemplate; !v.IsZero() {
		out.LaunchTemplateID, out.LaunchTemplateVersion = v.ID, strconv.FormatInt(v.Number, 10)
	}
	for _, tag := range i.Raw.Tags {
		out.Tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return out
}

// told is empty for the zero time, which stands for none.
func told(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
