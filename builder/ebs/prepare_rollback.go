package ebs

import (
	"slices"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/rollback"
)

// prepareRollback checks the options of a roll-back. Those of a build are not looked
// at: the source may be the family's own, filled in with this block.
func (c *Config) prepareRollback(p *problems) {
	r := c.Rollback
	setDefault(&r.Cascade, cascadeList)
	setDefault(&r.Architecture, c.architecture())
	switch {
	case c.Family == "":
		p.bad("rollback: it needs family, the name of the product line whose images are taken back")
	case !unknown(c.Family):
		if err := ami.ValidateFamily(c.Family); err != nil {
			p.bad("family: %w", err)
		}
	}
	c.prepareTier(p)
	if r.To != "" && r.To != rollback.Previous && !unknown(r.To) {
		if err := ami.ValidateVersion(r.To); err != nil {
			p.bad("rollback: to: use %q or a version: %w", rollback.Previous, err)
		}
	}
	if n := utf8.RuneCountInString(r.Reason); n > mostTagValue {
		p.bad("rollback: reason: it has %d characters, and a tag holds %d; make it shorter", n, mostTagValue)
	}
	if r.Cascade != cascadeList && r.Cascade != cascadeRevoke && !unknown(r.Cascade) {
		p.bad("rollback: cascade: %q is not known; use %q or %q", r.Cascade, cascadeList, cascadeRevoke)
	}
	if a := r.Architecture; a != "" && !unknown(a) && !slices.Contains(types.ArchitectureValues("").Values(), types.ArchitectureValues(a)) {
		p.bad("rollback: architecture: %q is not known; use x86_64 or arm64", a)
	}
	for _, region := range r.Regions {
		p.add(checkRegion("rollback: regions", region))
	}
}
