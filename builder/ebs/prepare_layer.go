package ebs

import (
	"errors"
	"slices"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/layer"
)

// prepareLayer checks the options that goldenami adds, and reads the stages.
func (c *Config) prepareLayer(p *problems) {
	c.prepareChoices(p)
	if !c.layered() {
		c.refuseLayerOptions(p)
		return
	}
	if !unknown(c.Family) {
		if err := ami.ValidateFamily(c.Family); err != nil {
			p.bad("family: %w", err)
		}
	}
	c.prepareTier(p)
	c.prepareStages(p)
	c.prepareFirstBoot(p)
	if c.AMISkipBuildRegion {
		p.bad("skip_save_build_region: an image of a family stays in the build Region, where the next tier is built on it; leave the option out")
	}
	for _, owner := range c.Parent.Owners {
		if owner != "self" && !unknown(owner) && !cloud.ValidAccountID(owner) {
			p.bad("parent: owners: %q is neither an account id (12 digits) nor self", owner)
		}
	}
	if c.Inputs != nil && !slices.ContainsFunc(slices.Concat(c.Inputs.Files, c.Inputs.Exclude), unknown) {
		if _, err := layer.Files("", c.Inputs.Files, c.Inputs.Exclude); err != nil {
			p.bad("inputs: files: %w", err)
		}
	}
}

// prepareChoices checks durations and options that take one of a few words.
func (c *Config) prepareChoices(p *problems) {
	if !slices.Contains([]string{rebuildAuto, rebuildAlways}, c.Rebuild) {
		p.bad("rebuild: %q is not known; use %q or %q", c.Rebuild, rebuildAuto, rebuildAlways)
	}
	if !slices.Contains([]string{onFailureClean, onFailureKeepImages}, c.OnFailure) {
		p.bad("on_failure: %q is not known; use %q or %q", c.OnFailure, onFailureClean, onFailureKeepImages)
	}
	if _, err := layer.ParseOnMissing(c.Parent.OnMissing); err != nil && !unknown(c.Parent.OnMissing) {
		p.bad("parent: on_missing: %w", err)
	}
	c.shelfLife = p.duration("shelf_life", c.ShelfLife)
	c.parentTimeout = p.duration("parent: wait_timeout", c.Parent.WaitTimeout)
	c.stopTimeout = p.duration("stop_timeout", c.StopTimeout)
}

// duration reads a duration; zero for an option that is not set.
func (p *problems) duration(option, value string) time.Duration {
	if value == "" || unknown(value) {
		return 0
	}
	d, err := ami.ParseAge(value)
	switch {
	case err != nil:
		p.bad("%s: %w", option, err)
	case d == 0:
		p.bad("%s: %q is no time at all; leave the option out for its default", option, value)
	}
	return d
}

// refuseLayerOptions tells of options that would do nothing without a family.
func (c *Config) refuseLayerOptions(p *problems) {
	set := map[string]bool{
		"tier":           c.Tier != "",
		"stage":          len(c.Stages) > 0,
		"inputs":         c.Inputs != nil,
		"shelf_life":     c.ShelfLife != "",
		"outlive_parent": c.OutliveParent,
		"first_boot":     c.FirstBoot.set(),
		"parent":         c.Parent.OnMissing != "" || c.Parent.Tier != "" || len(c.Parent.Owners) > 0 || c.Parent.WaitTimeout != "",
		"rebuild":        c.Rebuild != rebuildAuto,
	}
	for _, option := range []string{"tier", "parent", "stage", "inputs", "shelf_life", "outlive_parent", "first_boot", "rebuild"} {
		if set[option] {
			p.bad("%s: it needs family, the name of the product line the image belongs to", option)
		}
	}
}

func (c *Config) prepareTier(p *problems) {
	if c.Tier == "" {
		p.bad("tier: it must be set with family: %s, %s or %s", ami.OSOnly, ami.Hybrid, ami.Full)
		return
	}
	if unknown(c.Tier) {
		return
	}
	tier, err := ami.ParseTier(c.Tier)
	if err != nil {
		p.bad("tier: %w", err)
		return
	}
	if c.Parent.Tier == "" || unknown(c.Parent.Tier) {
		return
	}
	parent, err := ami.ParseTier(c.Parent.Tier)
	switch {
	case err != nil:
		p.bad("parent: tier: %w", err)
	case parent.Rank() >= tier.Rank():
		p.bad("parent: tier: an image of tier %s cannot be built on one of tier %s; name a lower tier, or leave it out", tier, parent)
	}
}

// unjoin takes a joined error apart, so that each finding is a line of its own.
func unjoin(err error) []error {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// needsSource tells whether the build can start from the source AMI.
func (c *Config) needsSource() bool {
	return !c.layered() || c.Parent.Tier == "" || c.Parent.OnMissing == string(layer.MissingBuild)
}

// member is what the other builds of the run are told; false where Packer does not
// know it yet, or where it makes no image that others could build on.
func (c *Config) member() (layer.Member, bool) {
	if !c.layered() || c.Rollback != nil || unknown(c.Family+c.Tier+c.Parent.Tier+c.RawRegion+c.ProfileName+c.AssumeRole.AssumeRoleARN+c.AccessKey) {
		return layer.Member{}, false
	}
	m := layer.Member{Key: c.layerKey(), Name: c.PackerBuilderType + "." + c.PackerBuildName}
	if c.Parent.Tier != "" {
		m.Parent = m.WithTier(ami.Tier(c.Parent.Tier))
	}
	return m, true
}

// layerKey identifies the image among those of the run and of the account.
func (c *Config) layerKey() layer.Key {
	return layer.Key{
		Family: c.Family, Tier: c.tier(), Region: c.RawRegion, Architecture: c.architecture(),
		Scope: c.ProfileName + "|" + c.AssumeRole.AssumeRoleARN + "|" + c.AccessKey,
	}
}
