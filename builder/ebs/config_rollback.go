//go:generate packer-sdc struct-markdown
//go:generate packer-sdc mapstructure-to-hcl2 -type RollbackConfig

package ebs

// RollbackConfig takes the newest images of a tier back. A source with this block
// launches nothing: it needs `family` and `tier`, and uses, apart from them, only the
// options of access, `region`, and `instance_type` where that tells the architecture.
type RollbackConfig struct {
	// What to go back to: `previous`, or a version. `previous` is the newest good
	// version below the newest one that ever was good, so that the same run made twice
	// goes back once. While it is empty the build does nothing, so the block can stay in
	// a template that builds.
	To string `mapstructure:"to" required:"false"`
	// Why, with up to 256 characters. It becomes a tag of what is revoked. The default
	// names the version that was gone back to.
	Reason string `mapstructure:"reason" required:"false"`
	// The architecture of the images, such as `x86_64` or `arm64`. The default is that of
	// `instance_type`, or the only one that the tier has.
	Architecture string `mapstructure:"architecture" required:"false"`
	// The Regions where images are revoked, besides `region`. The default is all that are
	// enabled for the account.
	Regions []string `mapstructure:"regions" required:"false"`
	// What happens to images that were built on a revoked one, or on one of those:
	// `list` (the default) shows them, `revoke` revokes them too.
	Cascade string `mapstructure:"cascade" required:"false"`
	// Revokes also where a tier would have no good image left in a Region. Default
	// `false`.
	AllowEmpty bool `mapstructure:"allow_empty" required:"false"`
	// Goes back to a version past its shelf life too. Default `false`.
	AllowExpired bool `mapstructure:"allow_expired" required:"false"`
	// Goes to a version that is newer than the current one and was revoked, which takes
	// an earlier roll-back back. What follows an older version is led to it. Default
	// `false`.
	AllowNewer bool `mapstructure:"allow_newer" required:"false"`
}

// Values of cascade.
const (
	cascadeList   = "list"
	cascadeRevoke = "revoke"
)
