//go:generate packer-sdc struct-markdown
//go:generate packer-sdc mapstructure-to-hcl2 -type Config

package image

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/hashicorp/packer-plugin-sdk/common"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/template/config"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// Config are the options of goldenami-image.
type Config struct {
	common.PackerConfig `mapstructure:",squash"`
	cloud.Access        `mapstructure:",squash"`

	// The product line of the image, as in goldenami-ebs.
	Family string `mapstructure:"family" required:"true"`
	// The tier of the image: `os-only`, `hybrid` or `full`.
	Tier string `mapstructure:"tier" required:"true"`
	// The architecture of the image, such as `x86_64` or `arm64`. It must be set
	// where the tier has good images for more than one.
	Architecture string `mapstructure:"architecture" required:"false"`
	// One version of the image, as the data source or a build told it. It must be
	// good and within its shelf life too. The default is the newest one.
	Version string `mapstructure:"version" required:"false"`
	// The accounts whose images are taken: account ids or `self`. The default is
	// `self`. EC2 does not show an account the tags of an image that another one
	// shares with it, so that such an image is found only where its tags are there
	// for this account too.
	Owners []string `mapstructure:"owners" required:"false"`
	// How much of the shelf life must be left, such as `7d` or `12h`. The default is
	// any time at all: images past their shelf life are never found.
	MinRemaining string `mapstructure:"min_remaining" required:"false"`
	// With true, no such image is no error: every value is empty then. What AWS
	// refuses is an error in any case. Default `false`.
	Optional bool `mapstructure:"optional" required:"false"`

	minRemaining time.Duration
}

// prepare reads the options and checks them. Every error names its option.
func (c *Config) prepare(raws ...any) error {
	*c = Config{}
	if err := config.Decode(c, &config.DecodeOpts{PluginType: TypeName}, raws...); err != nil {
		return fmt.Errorf("%s: %w", TypeName, err)
	}
	packersdk.LogSecretFilter.Set(c.SecretKey, c.Token)
	errs := c.Prepare()
	errs = append(errs, c.checkImage()...)
	errs = append(errs, c.checkChoice()...)
	if len(errs) == 0 {
		return nil
	}
	return &packersdk.MultiError{Errors: errs}
}

// unknown tells a value that another data source will give: while Packer validates,
// it has this text in its place.
func unknown(value string) bool { return strings.Contains(value, "<unknown>") }

// checkImage checks what the image is.
func (c *Config) checkImage() []error {
	var errs []error
	switch {
	case c.Family == "":
		errs = append(errs, errors.New("family: it must be set: the family of the image, as in goldenami-ebs"))
	case !unknown(c.Family):
		if err := ami.ValidateFamily(c.Family); err != nil {
			errs = append(errs, fmt.Errorf("family: %w", err))
		}
	}
	switch {
	case c.Tier == "":
		errs = append(errs, fmt.Errorf("tier: it must be set: %s, %s or %s", ami.OSOnly, ami.Hybrid, ami.Full))
	case !unknown(c.Tier):
		if _, err := ami.ParseTier(c.Tier); err != nil {
			errs = append(errs, fmt.Errorf("tier: %w", err))
		}
	}
	known := types.ArchitectureValues("").Values()
	if a := c.Architecture; a != "" && !unknown(a) && !slices.Contains(known, types.ArchitectureValues(a)) {
		errs = append(errs, fmt.Errorf("architecture: %q is not known; EC2 knows %s", a, listed(known)))
	}
	return errs
}

// checkChoice checks which of the images is taken.
func (c *Config) checkChoice() []error {
	var errs []error
	if c.Version != "" && !unknown(c.Version) {
		if err := ami.ValidateVersion(c.Version); err != nil {
			errs = append(errs, fmt.Errorf("version: %w", err))
		}
	}
	for _, owner := range c.Owners {
		if owner != "self" && !unknown(owner) && !cloud.ValidAccountID(owner) {
			errs = append(errs, fmt.Errorf("owners: %q is neither an account id (12 digits) nor self", owner))
		}
	}
	if c.MinRemaining == "" || unknown(c.MinRemaining) {
		return errs
	}
	var err error
	c.minRemaining, err = ami.ParseAge(c.MinRemaining)
	switch {
	case err != nil:
		errs = append(errs, fmt.Errorf("min_remaining: %w", err))
	case c.minRemaining == 0:
		errs = append(errs, fmt.Errorf("min_remaining: %q is no time at all; leave the option out", c.MinRemaining))
	}
	return errs
}

// query is what the options ask for.
func (c *Config) query(now time.Time) ami.Query {
	return ami.Query{
		Family: c.Family, Tier: ami.Tier(c.Tier), Architecture: c.Architecture, Version: c.Version,
		Owners: c.Owners, MinRemaining: c.minRemaining, Now: now,
	}
}

// listed joins values with commas.
func listed[S ~string](values []S) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	return strings.Join(words, ", ")
}
