package ebs

import (
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/layer"
)

// defaultClaimTimeout is as long as that of waiting for a parent.
const defaultClaimTimeout = 4 * time.Hour

// prepareReuse checks the options of ReuseConfig.
func (c *Config) prepareReuse(p *problems) {
	if _, err := layer.ParseOnConcurrent(c.OnConcurrent); err != nil && !unknown(c.OnConcurrent) {
		p.bad("on_concurrent: %w", err)
	}
	if c.claimTimeout = p.duration("concurrent_timeout", c.ConcurrentTimeout); c.claimTimeout == 0 {
		c.claimTimeout = defaultClaimTimeout
	}
	if c.Scan != nil {
		c.scan = &layer.ScanPolicy{
			MaxCritical: p.duration("scan: max_critical_age", c.Scan.MaxCriticalAge),
			MaxHigh:     p.duration("scan: max_high_age", c.Scan.MaxHighAge),
			Require:     c.Scan.Require,
		}
	}
	if c.layered() {
		return
	}
	for _, option := range []struct {
		name string
		set  bool
	}{
		{"on_concurrent", c.OnConcurrent != ""}, {"concurrent_timeout", c.ConcurrentTimeout != ""}, {"scan", c.Scan != nil},
	} {
		if option.set {
			p.bad("%s: it needs family, the name of the product line the image belongs to", option.name)
		}
	}
}
