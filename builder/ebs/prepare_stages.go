package ebs

import (
	"fmt"
	"slices"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/layer"
	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

// prepareStages reads scripts and files, so that what is baked later is what was
// checked.
func (c *Config) prepareStages(p *problems) {
	stages := make([]stage.Stage, 0, len(c.Stages))
	found := true
	for _, s := range c.Stages {
		if unknown(s.Name+s.Tier+s.Script) || slices.ContainsFunc(s.Files, unknown) {
			return
		}
		files, err := layer.Contents(s.Files)
		if err != nil {
			found = false
			for _, finding := range unjoin(err) {
				p.add(fmt.Errorf("stage %q: files: %w", s.Name, finding))
			}
		}
		stages = append(stages, stage.Stage{
			Name: s.Name, Tier: ami.Tier(s.Tier), Script: s.Script, Inline: s.Inline, Environment: s.Environment,
			PowerShell: c.userDataFormat().Windows(), Files: files, Secrets: knownValues(s.Secrets),
		})
	}
	loaded, err := stage.Load(stages)
	if err != nil {
		p.add(unjoin(err)...)
		return
	}
	if found {
		c.stages = loaded
	}
}

// knownValues leaves out what Packer does not know yet.
func knownValues(all map[string]string) map[string]string {
	var known map[string]string
	for name, value := range all {
		if unknown(value) {
			continue
		}
		if known == nil {
			known = map[string]string{}
		}
		known[name] = value
	}
	return known
}
