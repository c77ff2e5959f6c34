//go:generate packer-sdc struct-markdown
//go:generate packer-sdc mapstructure-to-hcl2 -type Config

package ebs

import (
	"time"

	awscommon "github.com/hashicorp/packer-plugin-amazon/common"
	"github.com/hashicorp/packer-plugin-sdk/common"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/hashicorp/packer-plugin-sdk/template/interpolate"

	"github.com/goldenami/packer-plugin-goldenami/internal/layer"
	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

// Config holds the options of goldenami-ebs: those of amazon-ebs, LayerConfig and
// PointerConfig.
type Config struct {
	common.PackerConfig    `mapstructure:",squash"`
	awscommon.AccessConfig `mapstructure:",squash"`
	awscommon.AMIConfig    `mapstructure:",squash"`
	awscommon.RunConfig    `mapstructure:",squash"`
	LayerConfig            `mapstructure:",squash"`
	LineageConfig          `mapstructure:",squash"`
	PointerConfig          `mapstructure:",squash"`
	ReuseConfig            `mapstructure:",squash"`

	// Ends the build after provisioning: no AMI is made and there is no artifact.
	// Default `false`.
	AMISkipCreateImage bool `mapstructure:"skip_create_ami" required:"false"`
	// Keeps `run_tags` off the AMI and its snapshots. Default `false`.
	AMISkipRunTags bool `mapstructure:"skip_ami_run_tags" required:"false"`
	// Block devices of the AMI, besides or instead of those that the instance had
	// when it stopped.
	AMIMappings awscommon.BlockDevices `mapstructure:"ami_block_device_mappings" required:"false"`
	// Block devices of the build instance. They become part of the AMI. Unlike in
	// amazon-ebs, `delete_on_termination` is `true` unless it is set, so that a
	// build leaves no volume behind.
	LaunchMappings awscommon.BlockDevices `mapstructure:"launch_block_device_mappings" required:"false"`
	// Tags of the build instance's volumes. They are not carried over to the AMI.
	// Values are templates with the [build template data](#build-template-data).
	VolumeRunTags map[string]string `mapstructure:"run_volume_tags"`
	// The same as `run_volume_tags`, as a block with `name` and `value` that can be
	// repeated, also by a `dynamic` block.
	VolumeRunTag config.NameValues `mapstructure:"run_volume_tag" required:"false"`
	// Leaves the instance store devices `xvdca` to `xvdcz` out, which a Windows
	// instance shows otherwise. It is not meant for other systems. Default `false`.
	NoEphemeral bool `mapstructure:"no_ephemeral" required:"false"`
	// EC2 Fast Launch, for Windows images that went through sysprep.
	// See [Fast Launch](#fast-launch-configuration).
	FastLaunch FastLaunchConfig `mapstructure:"fast_launch" required:"false"`
	// Takes images back instead of building one. See [Roll back](#roll-back).
	Rollback *RollbackConfig `mapstructure:"rollback" required:"false"`

	ctx interpolate.Context
	// temporaryKeyIsDefault: the user did not ask for a temporary key pair by name.
	temporaryKeyIsDefault bool

	// What prepare made of the options above.
	stages        []stage.Stage
	ownUserData   []byte // the customer's own, besides the stages
	deprecateAt   time.Time
	shelfLife     time.Duration
	parentTimeout time.Duration
	stopTimeout   time.Duration
	claimTimeout  time.Duration
	scan          *layer.ScanPolicy
	verify        verifyPlan
}
