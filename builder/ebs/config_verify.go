//go:generate packer-sdc struct-markdown
//go:generate packer-sdc mapstructure-to-hcl2 -type VerifyConfig

package ebs

// VerifyConfig says how a new image is tested before it is good. An instance of it is
// started as a user would start one: with the user data of the family, in the subnet
// and with the security group, key pair and instance profile of the build. When its
// first boot is over the tests run on it, and it is terminated. Until then the state of
// the image is `testing`; if anything fails it is `bad`, the older image stays the
// newest good one, and no other tier is built on the new one. An empty `verify {}` tests
// that the image boots and that its first boot ends well.
type VerifyConfig struct {
	// Paths of shell scripts that run on the instance as root, in order, after its
	// first boot. One that ends with another code than 0 fails the test.
	Scripts []string `mapstructure:"scripts" required:"false"`
	// Commands that run before `scripts`, one per line of a shell script that ends at
	// the first one that fails.
	Inline []string `mapstructure:"inline" required:"false"`
	// Environment of `scripts` and `inline`.
	Environment map[string]string `mapstructure:"environment" required:"false"`
	// Starts two instances at once. Their SSH host keys, machine-ids and host names
	// must differ from each other's and from those of the build instance. Default
	// `false`.
	UniqueIdentity bool `mapstructure:"unique_identity" required:"false"`
	// The sign that an instance is up. `ssh` logs in, waits for cloud-init where the
	// image has it, and for every stage of the family; tests need it. `ssm` waits for
	// SSM's agent to be online, which `iam_instance_profile` must allow it; `console`
	// for `console_pattern`, `password` for the password of Windows, `status` for EC2's
	// status checks. The default follows from the communicator: `ssh`, `password` with
	// `winrm`, `status` with `none`.
	WaitFor string `mapstructure:"wait_for" required:"false"`
	// A regular expression, in RE2 syntax, for the text on the console that shows that
	// the instance is up. The default matches the last line of cloud-init and of Windows.
	ConsolePattern string `mapstructure:"console_pattern" required:"false"`
	// How long all of it may take. The default is `20m`.
	Timeout string `mapstructure:"timeout" required:"false"`
	// What becomes of an image that fails: `remove`, or `keep` to look at it. A kept
	// one has the state `bad` and is never built on or used again. The default is
	// `remove`, or `keep` where the `on_failure` of the build is `keep-images`. After a
	// Ctrl-C it is removed.
	OnFailure string `mapstructure:"on_failure" required:"false"`
	// The type of the instances. The default is that of the build instance.
	InstanceType string `mapstructure:"instance_type" required:"false"`
}

// Values of wait_for and of the on_failure of verify.
const (
	waitForSSH      = "ssh"
	waitForSSM      = "ssm"
	waitForConsole  = "console"
	waitForPassword = "password"
	waitForStatus   = "status"

	verifyRemove = "remove"
	verifyKeep   = "keep"
)

// defaultConsolePattern matches what cloud-init's final message and EC2's agents for
// Windows write when they are done.
const defaultConsolePattern = `Cloud-init v\. .* finished|Windows is Ready to use`
