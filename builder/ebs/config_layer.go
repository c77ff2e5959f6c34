//go:generate packer-sdc struct-markdown
//go:generate packer-sdc mapstructure-to-hcl2 -type LayerConfig,ParentConfig,StageConfig,InputsConfig

package ebs

import "github.com/goldenami/packer-plugin-goldenami/internal/ami"

// LayerConfig holds what goldenami-ebs adds to amazon-ebs. Without `family` none of
// it is used, and the build is one image from the source AMI.
type LayerConfig struct {
	// The product line that the image belongs to: all its tiers, and all their
	// versions. Letters, digits, `.`, `_` and `-`. With a family, `ami_name` is
	// optional: the default is `<family>-<tier>-<architecture>-<hash>-<version>`.
	Family string `mapstructure:"family" required:"false"`
	// How much of the machine the image holds: `os-only`, `hybrid` or `full`.
	// Required with `family`. A tier builds on the newest good image of the tier
	// below, which may be made in the same run; the lowest tier builds on the source
	// AMI.
	Tier string `mapstructure:"tier" required:"false"`
	// Where the image below comes from. See [Parent](#parent-configuration).
	Parent ParentConfig `mapstructure:"parent" required:"false"`
	// What is done to the machine, in order: one list for all tiers of the family.
	// A stage is baked if its tier is not above the image's own; the image's parent
	// holds the stages of lower tiers already. See [Stage](#stage-configuration).
	Stages []StageConfig `mapstructure:"stage" required:"false"`
	// What else decides the content of the image, besides the stages and the options
	// of the build. See [Inputs](#inputs-configuration). Only with this block an image
	// that exists is used again: the builder cannot see what provisioners do, so an
	// empty `inputs {}` says that they always do the same.
	Inputs *InputsConfig `mapstructure:"inputs" required:"false"`
	// What instances are started with, so that each does what its image lacks.
	// See [First boot](#first-boot-configuration).
	FirstBoot FirstBootConfig `mapstructure:"first_boot" required:"false"`
	// How long the image may be used: a duration such as `720h` or `30d`. After it
	// the image is built anew, and EC2 shows it as deprecated. The default is `30d`
	// for `full`, `90d` for `hybrid` and `180d` for `os-only`. It ends no later than
	// that of the parent, unless `outlive_parent` is set.
	ShelfLife string `mapstructure:"shelf_life" required:"false"`
	// Lets the shelf life go on after that of the parent has ended: what was too old
	// in the parent is then in use in this image. Default `false`.
	OutliveParent bool `mapstructure:"outlive_parent" required:"false"`
	// When an image that exists is used again: `auto` (the default) when neither
	// the inputs nor the parent changed and its shelf life is not over, `always` and
	// `-force` build in any case.
	Rebuild string `mapstructure:"rebuild" required:"false"`
	// What happens to images that were finished when the build failed later:
	// `clean` (the default) removes them with all else that the build made,
	// `keep-images` keeps images and snapshots and lists them, so that the next run
	// goes on from there. The instance and what it needed are removed either way,
	// unless Packer runs with `-on-error=abort` or `-on-error=run-cleanup-provisioner`.
	OnFailure string `mapstructure:"on_failure" required:"false"`
	// How long the build instance may take to stop, such as `45m` where sysprep runs.
	// The default is what `aws_polling` allows, or 20 minutes.
	StopTimeout string `mapstructure:"stop_timeout" required:"false"`
	// Tests the image before it is good. See [Verify](#verify-configuration). Without
	// the block an image is good as soon as it is made.
	Verify *VerifyConfig `mapstructure:"verify" required:"false"`
	// A JSON file for what each image of the family cost: the seconds of its build and
	// of its boot, the GiB that it has of its own, and what they cost a month. Builds
	// add to what the file holds already. The default is to write none; the figures are
	// shown at the end of a build and kept in a tag of the image either way. See
	// [What a tier costs](#what-a-tier-costs).
	MetricsFile string `mapstructure:"metrics_file" required:"false"`
}

// ParentConfig says where the image below comes from.
type ParentConfig struct {
	// What to do when there is no good image of the tier below, neither in the
	// account nor in this run: `error` (the default), or `build` to start from the
	// source AMI and bake the stages of the lower tiers too. A parent that belongs
	// to this run and fails is always an error.
	OnMissing string `mapstructure:"on_missing" required:"false"`
	// The tier to build on, which must be lower than the image's own. The default
	// is the next lower one.
	Tier string `mapstructure:"tier" required:"false"`
	// The accounts whose images are taken: account ids or `self`. The default is
	// `self`.
	Owners []string `mapstructure:"owners" required:"false"`
	// How long to wait for a parent that is built in this run. The default is `4h`.
	WaitTimeout string `mapstructure:"wait_timeout" required:"false"`
}

// StageConfig is one step from the bare source AMI to the complete machine.
type StageConfig struct {
	// The name: letters, digits, `.`, `_` and `-`. It must be unique in the list.
	Name string `mapstructure:"name" required:"true"`
	// The lowest tier that has this stage baked in; images of lower tiers run it at
	// first boot: `os-only`, `hybrid` or `full`. A stage of tier `boot` is in no image:
	// every instance runs it at its first boot. Stages are listed in this order.
	Tier string `mapstructure:"tier" required:"true"`
	// The path of a shell script. Either `script` or `inline` must be given.
	Script string `mapstructure:"script" required:"false"`
	// The commands, one per line of a shell script.
	Inline []string `mapstructure:"inline" required:"false"`
	// Environment of the script.
	Environment map[string]string `mapstructure:"environment" required:"false"`
	// Files and folders that the script needs, by path or pattern; `**` stands for any
	// number of folders. While the script runs, `GOLDENAMI_FILES` names a folder that
	// holds them as `cp -r` would copy them: a file by its own name, a folder with all
	// below it, and what a pattern matches by its path below the folder before the
	// first wildcard. They are part of what the stage is, so a changed file is a changed
	// stage; they travel in the user data, so what is large belongs in S3.
	Files []string `mapstructure:"files" required:"false"`
	// Secrets that the script gets as variables: `ssm:` with the name of a parameter,
	// or `secretsmanager:` with the name or ARN of a secret. The instance fetches the
	// value with its own role and the AWS CLI, right before the script runs, and gives
	// it to this script alone. Only a stage of tier `boot` can have secrets, so that
	// none is baked.
	Secrets map[string]string `mapstructure:"secrets" required:"false"`
}

// InputsConfig names what decides the content of the image and is not a stage.
type InputsConfig struct {
	// Files by path or pattern; `**` stands for any number of folders. A pattern
	// that matches nothing is an error.
	Files []string `mapstructure:"files" required:"false"`
	// Patterns of files to leave out again.
	Exclude []string `mapstructure:"exclude" required:"false"`
	// Values, such as versions that provisioners are given as variables. They are
	// not for secrets: a tag of the image shows their hash.
	Values map[string]string `mapstructure:"values" required:"false"`
}

// Values of rebuild and on_failure.
const (
	rebuildAuto   = "auto"
	rebuildAlways = "always"

	onFailureClean      = "clean"
	onFailureKeepImages = "keep-images"
)

func (c *LayerConfig) layered() bool { return c.Family != "" }

func (c *LayerConfig) tier() ami.Tier { return ami.Tier(c.Tier) }
