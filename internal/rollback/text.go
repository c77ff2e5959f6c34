package rollback

import (
	"fmt"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// line names an image for people.
func line(i ami.Image) string {
	return fmt.Sprintf("%s/%s %s, %s in %s", i.Family, i.Tier, i.Version, i.ID, i.Region)
}

// Lines tell people what the plan will do, before it does.
func (p *Plan) Lines() []string {
	built := p.builtLines()
	lines := make([]string, 0, 1+len(p.Restore)+len(p.Moves)+len(p.Revoke)+len(built)+len(p.Warnings))
	lines = append(lines, p.headline())
	for _, image := range p.Restore {
		lines = append(lines, "  good again: "+line(image))
	}
	for _, move := range p.Moves {
		lines = append(lines, "  led back: "+move.String())
	}
	for _, image := range p.Revoke {
		lines = append(lines, "  revoked: "+line(image))
	}
	lines = append(lines, built...)
	for _, warning := range p.Warnings {
		lines = append(lines, "  Warning: "+warning)
	}
	return lines
}

func (p *Plan) headline() string {
	r := p.request
	switch {
	case p.Target == nil && p.Done():
		return r.name() + " has no good version, and nothing is to do."
	case p.Target == nil:
		return fmt.Sprintf("Roll-back of %s: no good version is left.", r.name())
	case p.Done():
		return fmt.Sprintf("%s is at version %s, and nothing is to do.", r.name(), p.Target.Version)
	}
	from := "no good version"
	if p.Current != nil {
		from = fmt.Sprintf("%s (%s old)", p.Current.Version, age(r.Now.Sub(p.Current.first().BuiltAt)))
	}
	return fmt.Sprintf("Roll-back of %s from %s to %s (%s old):", r.name(), from, p.Target.Version, age(r.Now.Sub(p.Target.first().BuiltAt)))
}

// builtLines list what was built on withdrawn images and is not revoked.
func (p *Plan) builtLines() []string {
	var lines []string
	for _, b := range p.Built {
		switch {
		case b.Image == nil:
			lines = append(lines, fmt.Sprintf("  built on it, and not ours to revoke: %s (%s) in %s, on %s", b.ID, b.Name, b.Region, b.On))
		case b.Image.State == ami.Good && !p.request.Cascade:
			lines = append(lines, "  built on it, and left good (cascade = \"revoke\" revokes it): "+line(*b.Image))
		}
	}
	return lines
}
