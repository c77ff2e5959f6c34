// Package version tells which release of the plugin this is. It decides
// nothing; releases change Version and VersionPrerelease and no other line.
package version

import "github.com/hashicorp/packer-plugin-sdk/version"

// Version is the release in semantic versioning; VersionPrerelease is empty in a
// release and "dev" between two.
const (
	Version           = "0.1.0"
	VersionPrerelease = "dev"
)

// PluginVersion is what Packer is told when it asks the plugin to describe itself.
var PluginVersion = version.NewPluginVersion(Version, VersionPrerelease, "")
