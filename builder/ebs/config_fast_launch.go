//go:generate packer-sdc struct-markdown
//go:generate packer-sdc mapstructure-to-hcl2 -type FastLaunchConfig,FastLaunchTemplateConfig

package ebs

import "github.com/hashicorp/packer-plugin-sdk/template/config"

// FastLaunchConfig turns EC2 Fast Launch on for a Windows image. Setting any of its
// options is enough.
type FastLaunchConfig struct {
	// Turns Fast Launch on in every Region of the image. Default `false`.
	UseFastLaunch bool `mapstructure:"enable_fast_launch"`
	// The launch template to use in the build Region, by id. It cannot be set
	// together with `template_name`. Without one, EC2 takes its own.
	LaunchTemplateID string `mapstructure:"template_id"`
	// The launch template to use in the build Region, by name.
	LaunchTemplateName string `mapstructure:"template_name"`
	// The version of that launch template. The default is its latest.
	LaunchTemplateVersion int `mapstructure:"template_version"`
	// Launch templates of other Regions, and Regions that are to be left out.
	// See [Fast Launch Template](#fast-launch-template-configuration).
	RegionLaunchTemplates []FastLaunchTemplateConfig `mapstructure:"region_launch_templates"`
	// How many instances EC2 may launch at once to prepare snapshots: 6 at least.
	MaxParallelLaunches int `mapstructure:"max_parallel_launches"`
	// How many prepared snapshots EC2 is to hold ready. The default is EC2's own.
	TargetResourceCount int `mapstructure:"target_resource_count"`
}

// FastLaunchTemplateConfig is the Fast Launch of one Region.
type FastLaunchTemplateConfig struct {
	// `false` leaves this Region out. The default is that of the other Regions.
	EnableFastLaunch config.Trilean `mapstructure:"enable_fast_launch"`
	// The Region: the build Region or one of `ami_regions`.
	Region string `mapstructure:"region" required:"true"`
	// The launch template, by id. It cannot be set together with `template_name`.
	LaunchTemplateID string `mapstructure:"template_id"`
	// The launch template, by name.
	LaunchTemplateName string `mapstructure:"template_name"`
	// The version of the launch template. The default is its latest.
	LaunchTemplateVersion int `mapstructure:"template_version"`
}
