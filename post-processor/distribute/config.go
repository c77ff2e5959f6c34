//go:generate packer-sdc struct-markdown
//go:generate packer-sdc mapstructure-to-hcl2 -type Config,Target,Share,Outputs,Protection

package distribute

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/packer-plugin-sdk/common"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/hashicorp/packer-plugin-sdk/template/interpolate"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
)

// Config are the options of goldenami-distribute.
type Config struct {
	common.PackerConfig `mapstructure:",squash"`
	cloud.Access        `mapstructure:",squash"`

	// Where the image goes, and with which key it is encrypted there. The block
	// can be given more than once; each Region only once. Regions that the
	// artifact has an image in already belong to the set without being named.
	Targets []Target `mapstructure:"target" required:"false"`
	// Who may use the image, in every Region of the set.
	Share Share `mapstructure:"share" required:"false"`
	// Files that are written.
	Outputs Outputs `mapstructure:"outputs" required:"false"`
	// Tags that every image gets. Copies have the tags of the source image too.
	Tags map[string]string `mapstructure:"tags" required:"false"`
	// Tags that every snapshot gets.
	SnapshotTags map[string]string `mapstructure:"snapshot_tags" required:"false"`
	// The name of the copies. The default is the name of the source image.
	Name string `mapstructure:"name" required:"false"`
	// The description of every image. The default is that of the source image.
	Description string `mapstructure:"description" required:"false"`
	// Asks AWS to finish each copy to another Region within this many minutes: 15
	// to 2880, in steps of 15. AWS charges for it per GiB. The default is an
	// ordinary copy, which is done when it is done.
	SnapshotCopyDurationMinutes int `mapstructure:"snapshot_copy_duration_minutes" required:"false"`
	// When the images are deprecated: a time such as `2027-01-31T00:00:00Z`, at
	// most 10 years away. It cannot be set together with `deprecate_after`. Without
	// both, images of a family are deprecated when their shelf life ends.
	DeprecateAt string `mapstructure:"deprecate_at" required:"false"`
	// How long after the source image was made the images are deprecated, such as
	// `90d` or `720h`.
	DeprecateAfter string `mapstructure:"deprecate_after" required:"false"`
	// Protects every image against being deregistered.
	DeregistrationProtection Protection `mapstructure:"deregistration_protection" required:"false"`
	// `v2.0` makes instances of the images require IMDSv2. This cannot be undone.
	IMDSSupport string `mapstructure:"imds_support" required:"false"`
	// How long to wait for each copy, such as `90m`. The default is `6h`.
	Timeout string `mapstructure:"timeout" required:"false"`

	ctx            interpolate.Context
	timeout        time.Duration
	deprecateAt    time.Time
	deprecateAfter time.Duration
}

// Target are Regions with one way of encryption.
type Target struct {
	// The Regions, such as `["eu-west-1", "ap-northeast-1"]`.
	Regions []string `mapstructure:"regions" required:"true"`
	// The KMS key that the image is encrypted with: a key id, an ARN, or an alias
	// such as `alias/golden`, which is looked up in each Region. The default is to
	// keep the state of the source, and where that is encrypted, the default EBS
	// key of the Region.
	KMSKeyID string `mapstructure:"kms_key_id" required:"false"`
	// Encrypts with the default EBS key of the Region where no `kms_key_id` is
	// given. Such an image cannot be shared unless that key is one of your own.
	Encrypt bool `mapstructure:"encrypt" required:"false"`
}

// Share says who may use the images.
type Share struct {
	// Account ids of 12 digits. They may launch the image and copy it.
	Accounts []string `mapstructure:"accounts" required:"false"`
	// `["all"]` makes the images public. Encrypted images cannot be public.
	Groups []string `mapstructure:"groups" required:"false"`
	// ARNs of organizations whose accounts may launch the image.
	OrgARNs []string `mapstructure:"org_arns" required:"false"`
	// ARNs of organizational units whose accounts may launch the image.
	OUARNs []string `mapstructure:"ou_arns" required:"false"`
	// With true, the accounts may launch the image, but not make volumes of its
	// snapshots, and so not copy the image. The default is false.
	LaunchOnly bool `mapstructure:"launch_only" required:"false"`
}

// Outputs are files for other programs.
type Outputs struct {
	// The path of a JSON file: for each Region the image, its snapshots, the keys
	// that encrypt them, and whom it is shared with. It is replaced as a whole
	// each time a Region is finished.
	JSON string `mapstructure:"json" required:"false"`
	// The path of a JSON file for the lineage of the image: the image in every Region,
	// copies included, and the chain of images from it up to the vendor's. It has the
	// form of `lineage_file` of `goldenami-ebs`, and is written when all Regions are
	// finished.
	Lineage string `mapstructure:"lineage" required:"false"`
}

// Protection is protection against deregistration.
type Protection struct {
	// Turns the protection on. The default leaves it as it is.
	Enabled bool `mapstructure:"enabled" required:"false"`
	// Keeps the protection for 24 hours after it was turned off.
	WithCooldown bool `mapstructure:"with_cooldown" required:"false"`
}

// Prepare reads the options and checks them. It makes no network call; every
// error names its option.
func (c *Config) Prepare(raws ...interface{}) error {
	err := config.Decode(c, &config.DecodeOpts{
		PluginType:         BuilderID,
		Interpolate:        true,
		InterpolateContext: &c.ctx,
		InterpolateFilter:  &interpolate.RenderFilter{},
	}, raws...)
	if err != nil {
		return fmt.Errorf("goldenami-distribute: %w", err)
	}
	packersdk.LogSecretFilter.Set(c.SecretKey, c.Token)
	errs := c.Access.Prepare()
	errs = append(errs, c.prepareTargets()...)
	errs = append(errs, c.prepareTimes()...)
	if c.IMDSSupport != "" && c.IMDSSupport != "v2.0" {
		errs = append(errs, fmt.Errorf(`imds_support: %q: the only value is "v2.0"`, c.IMDSSupport))
	}
	if c.Name != "" && !unknown(c.Name) {
		if err := ami.ValidateName(c.Name); err != nil {
			errs = append(errs, fmt.Errorf("name: %w", err))
		}
	}
	if c.DeregistrationProtection.WithCooldown && !c.DeregistrationProtection.Enabled {
		errs = append(errs, errors.New("deregistration_protection: with_cooldown has no effect without enabled = true"))
	}
	if len(errs) == 0 {
		// What the options mean together; the parts were found in order above.
		spec := c.spec()
		if unknown(spec.Name) {
			spec.Name = ""
		}
		if err := spec.Validate(); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return &packersdk.MultiError{Errors: errs}
}

// unknown tells a value that holds something of the build which only the build
// knows, such as build.ID: while Packer validates, it has this text in its place.
func unknown(value string) bool { return strings.Contains(value, "<unknown>") }

// prepareTargets names the option behind each mistake.
func (c *Config) prepareTargets() []error {
	var errs []error
	where := make(map[string]int)
	for i, t := range c.Targets {
		bad := func(option string, err error) {
			errs = append(errs, fmt.Errorf("target %d: %s: %w", i+1, option, err))
		}
		if len(t.Regions) == 0 {
			bad("regions", errors.New("name at least one Region"))
		}
		for _, region := range t.Regions {
			if first, twice := where[region]; twice {
				bad("regions", fmt.Errorf("%s is named in target %d already: an image goes to a Region once", region, first))
				continue
			}
			where[region] = i + 1
			if !cloud.ValidRegion(region) {
				bad("regions", fmt.Errorf("%q is not the name of a Region, such as eu-west-1", region))
				continue
			}
			if err := (distribution.Target{Region: region, KMSKeyID: t.KMSKeyID}).Validate(); err != nil {
				bad("kms_key_id", err)
			}
		}
	}
	if err := c.share().Validate(); err != nil {
		errs = append(errs, fmt.Errorf("share: %w", err))
	}
	return errs
}

func (c *Config) prepareTimes() []error {
	var errs []error
	var err error
	if c.Timeout != "" {
		if c.timeout, err = ami.ParseAge(c.Timeout); err != nil {
			errs = append(errs, fmt.Errorf("timeout: %w", err))
		} else if c.timeout <= 0 {
			errs = append(errs, fmt.Errorf("timeout: %s leaves no time for a copy", c.Timeout))
		}
	}
	if c.DeprecateAfter != "" {
		if c.deprecateAfter, err = ami.ParseAge(c.DeprecateAfter); err != nil {
			errs = append(errs, fmt.Errorf("deprecate_after: %w", err))
		} else if c.deprecateAfter <= 0 {
			errs = append(errs, fmt.Errorf("deprecate_after: %s is not in the future", c.DeprecateAfter))
		}
	}
	if c.DeprecateAt != "" && !unknown(c.DeprecateAt) {
		if c.deprecateAt, err = time.Parse(time.RFC3339, c.DeprecateAt); err != nil {
			errs = append(errs, fmt.Errorf("deprecate_at: %q is not a time such as 2027-01-31T00:00:00Z", c.DeprecateAt))
		}
		if c.DeprecateAfter != "" {
			errs = append(errs, errors.New("deprecate_at and deprecate_after say the same thing: leave one out"))
		}
	}
	return errs
}

// share gives accounts the snapshots too, unless they are to launch only: a copy
// into the account needs them, and who launches an image can read them anyway.
func (c *Config) share() distribution.Share {
	s := distribution.Share{Accounts: c.Share.Accounts, Groups: c.Share.Groups, OrgARNs: c.Share.OrgARNs, OUARNs: c.Share.OUARNs}
	if !c.Share.LaunchOnly {
		s.SnapshotAccounts = c.Share.Accounts
	}
	return s
}

// spec is what the options alone ask for; the artifact adds the rest.
func (c *Config) spec() distribution.Spec {
	s := distribution.Spec{
		Share: c.share(), Tags: c.Tags, SnapshotTags: c.SnapshotTags, Name: c.Name, Description: c.Description,
		CopyMinutes: c.SnapshotCopyDurationMinutes, DeprecateAt: c.deprecateAt, DeprecateAfter: c.deprecateAfter, IMDSv2: c.IMDSSupport != "", Timeout: c.timeout,
	}
	if p := c.DeregistrationProtection; p.Enabled {
		s.Protect = &distribution.Protection{Cooldown: p.WithCooldown}
	}
	for _, t := range c.Targets {
		for _, region := range t.Regions {
			target := distribution.Target{Region: region, KMSKeyID: t.KMSKeyID}
			if t.Encrypt {
				target.Encrypt = &t.Encrypt
			}
			s.Targets = append(s.Targets, target)
		}
	}
	return s
}
