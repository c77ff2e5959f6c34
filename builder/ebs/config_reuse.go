//go:generate packer-sdc struct-markdown
//go:generate packer-sdc mapstructure-to-hcl2 -type ReuseConfig,ScanConfig

package ebs

// ReuseConfig holds the options for images of a family that exist, or that another
// run is making.
type ReuseConfig struct {
	// What to do while another run, on this machine or another one, builds the same
	// content in this account and Region: `wait` (the default) for its image and use
	// it, or build if that run fails or dies; `build` a second image; or `fail`.
	// Builds with `-force` or `rebuild = "always"`, and those without `inputs`, do not
	// wait, because they would not use the image.
	OnConcurrent string `mapstructure:"on_concurrent" required:"false"`
	// How long to wait for the image of another run. The default is `4h`.
	ConcurrentTimeout string `mapstructure:"concurrent_timeout" required:"false"`
	// Builds an image anew when Amazon Inspector knows of fixes that it lacks.
	// See [Scan](#scan-configuration). Without the block, scan results do not count.
	Scan *ScanConfig `mapstructure:"scan" required:"false"`
}

// ScanConfig says which results of Amazon Inspector's scan of the image that exists
// have it built anew. An image that was not scanned is used again, with a warning.
type ScanConfig struct {
	// For how long fixes of critical findings may have been available: a duration
	// such as `72h`, which is the default, or `3d`.
	MaxCriticalAge string `mapstructure:"max_critical_age" required:"false"`
	// For how long fixes of findings of high severity may have been available. The
	// default is `14d`.
	MaxHighAge string `mapstructure:"max_high_age" required:"false"`
	// Has an image without a scan result built anew once it is older than a day,
	// which leaves Inspector time for the first scan. Default `false`.
	Require bool `mapstructure:"require" required:"false"`
}
