package ebs

import (
	"slices"
	"strconv"

	"github.com/hashicorp/packer-plugin-sdk/template/config"

	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
)

// wanted tells whether any option of the block is set, which turns it on.
func (f *FastLaunchConfig) wanted() bool {
	return f.UseFastLaunch || f.LaunchTemplateID != "" || f.LaunchTemplateName != "" || f.LaunchTemplateVersion != 0 ||
		f.MaxParallelLaunches != 0 || f.TargetResourceCount != 0 || len(f.RegionLaunchTemplates) > 0
}

func (c *Config) prepareFastLaunch(p *problems) {
	f := &c.FastLaunch
	if !f.wanted() {
		return
	}
	if f.MaxParallelLaunches != 0 && f.MaxParallelLaunches < 6 {
		p.bad("fast_launch: max_parallel_launches: EC2 wants 6 at least, not %d", f.MaxParallelLaunches)
	}
	if f.TargetResourceCount < 0 {
		p.bad("fast_launch: target_resource_count: it must be 1 or more, not %d", f.TargetResourceCount)
	}
	checkTemplate(p, "fast_launch", f.LaunchTemplateID, f.LaunchTemplateName, f.LaunchTemplateVersion)
	seen := map[string]bool{}
	for _, t := range f.RegionLaunchTemplates {
		where := "fast_launch: region_launch_templates: " + t.Region
		switch {
		case t.Region == "":
			p.bad("fast_launch: region_launch_templates: region must be set")
			continue
		case seen[t.Region]:
			p.bad("%s: the Region is named more than once", where)
		case c.RawRegion != "" && t.Region != c.RawRegion && !slices.Contains(c.AMIRegions, t.Region) && !unknown(t.Region):
			p.bad("%s: the image does not go there; add the Region to ami_regions, or leave it out here", where)
		}
		seen[t.Region] = true
		if t.EnableFastLaunch != config.TriFalse {
			checkTemplate(p, where, t.LaunchTemplateID, t.LaunchTemplateName, t.LaunchTemplateVersion)
		}
	}
}

func checkTemplate(p *problems, where, id, name string, version int) {
	if id != "" && name != "" {
		p.bad("%s: template_id and template_name cannot both be set", where)
	}
	if version < 0 {
		p.bad("%s: template_version: it must be 1 or more, not %d", where, version)
	}
	if version > 0 && id == "" && name == "" {
		p.bad("%s: template_version needs template_id or template_name", where)
	}
}

// settings gives what is to be turned on in which Region.
func (f *FastLaunchConfig) settings(build string, others []string) map[string]distribution.FastLaunch {
	if !f.wanted() {
		return nil
	}
	out := make(map[string]distribution.FastLaunch, len(others)+1)
	base := distribution.FastLaunch{MaxParallelLaunches: f.MaxParallelLaunches, TargetResourceCount: f.TargetResourceCount}
	for _, region := range append([]string{build}, others...) {
		out[region] = base
	}
	own := base
	own.TemplateID, own.TemplateName, own.TemplateVersion = f.LaunchTemplateID, f.LaunchTemplateName, templateVersion(f.LaunchTemplateVersion)
	out[build] = own
	for _, t := range f.RegionLaunchTemplates {
		if t.EnableFastLaunch == config.TriFalse {
			delete(out, t.Region)
			continue
		}
		if _, ok := out[t.Region]; !ok || (t.LaunchTemplateID == "" && t.LaunchTemplateName == "") {
			continue
		}
		with := base
		with.TemplateID, with.TemplateName, with.TemplateVersion = t.LaunchTemplateID, t.LaunchTemplateName, templateVersion(t.LaunchTemplateVersion)
		out[t.Region] = with
	}
	return out
}

func templateVersion(v int) string {
	if v == 0 {
		return ""
	}
	return strconv.Itoa(v)
}
