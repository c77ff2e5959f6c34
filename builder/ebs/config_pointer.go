//go:generate packer-sdc struct-markdown
//go:generate packer-sdc mapstructure-to-hcl2 -type PointerConfig,LaunchTemplateConfig,SSMParameterConfig

package ebs

import "github.com/hashicorp/packer-plugin-sdk/template/config"

// PointerConfig says what follows the image, so that consumers need not know its id.
type PointerConfig struct {
	// A launch template whose newest version starts the image. It needs `family`. See
	// [Launch templates](#launch-templates).
	LaunchTemplate *LaunchTemplateConfig `mapstructure:"launch_template" required:"false"`
	// An SSM parameter that holds the image's id. It needs `family`, and can be
	// repeated. See [Parameters](#parameters).
	SSMParameters []SSMParameterConfig `mapstructure:"ssm_parameter" required:"false"`
}

// LaunchTemplateConfig names a launch template that gets a version for each image.
type LaunchTemplateConfig struct {
	// The name of the launch template, in every Region of the image: 3 to 128 letters,
	// digits and `( ) . - / _`. Each tier needs a launch template of its own.
	Name string `mapstructure:"name" required:"true"`
	// Whether the version with the image becomes the default version. Default `true`.
	// With `false` it is the newest version only, and is based on the newest one
	// before it.
	Default config.Trilean `mapstructure:"default" required:"false"`
	// The description of the version, with up to 255 characters. The default tells
	// family, tier and version of the image.
	VersionDescription string `mapstructure:"version_description" required:"false"`
	// Tags of the launch template, where this build makes it.
	Tags map[string]string `mapstructure:"tags" required:"false"`
}

// SSMParameterConfig names a parameter that holds the id of the newest image.
type SSMParameterConfig struct {
	// The name of the parameter, such as `/golden/web/full`, in every Region of the
	// image. The names of all parameters may have 256 characters together.
	Name string `mapstructure:"name" required:"true"`
	// The description of the parameter, with up to 1024 characters. The default is
	// to leave it as it is.
	Description string `mapstructure:"description" required:"false"`
	// Tags of the parameter, where this build makes it.
	Tags map[string]string `mapstructure:"tags" required:"false"`
}

// points tells whether anything is to follow the image.
func (c *PointerConfig) points() bool { return c.LaunchTemplate != nil || len(c.SSMParameters) > 0 }
