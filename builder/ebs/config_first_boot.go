//go:generate packer-sdc struct-markdown
//go:generate packer-sdc mapstructure-to-hcl2 -type FirstBootConfig

package ebs

// FirstBootConfig is about the user data with which an instance of any tier of the
// family does, at its first boot, the stages that its image does not hold. It is the
// same for all tiers and versions of the same stages, so it belongs to the family.
type FirstBootConfig struct {
	// A file for the user data. It is written when the image is good, for its owner
	// only, because it holds the stages' environment. The default is to write none.
	File string `mapstructure:"file" required:"false"`
	// User data of your own that instances need besides: a script, a `#cloud-config`,
	// anything else that cloud-init takes, or a MIME archive of those, as text. Your
	// scripts run after the stages, also when a stage failed; what a `#cloud-config`
	// says is done before them, apart from `runcmd`, which is a script.
	UserData string `mapstructure:"user_data" required:"false"`
	// The path of a file that holds what `user_data` would; it may be compressed with
	// gzip. Unlike `user_data`, it is not a template.
	UserDataFile string `mapstructure:"user_data_file" required:"false"`
	// For whom the user data is written: `cloud-init`; `powershell`, a script in
	// `<powershell>` for every launch agent of Windows; `ec2launch-v2`, tasks in YAML;
	// or `auto` (the default), which is `powershell` where the communicator is WinRM,
	// and `cloud-init` elsewhere. It decides what the stages are, too: PowerShell for
	// Windows, and programs for Linux with `cloud-init`.
	Format string `mapstructure:"format" required:"false"`
}

func (c FirstBootConfig) set() bool {
	return c.File != "" || c.UserData != "" || c.UserDataFile != ""
}
