// Packer-plugin-goldenami is a Packer plugin for golden AMIs on Amazon EC2.
package main

import (
	"fmt"
	"os"

	"github.com/hashicorp/packer-plugin-sdk/plugin"

	"github.com/goldenami/packer-plugin-goldenami/builder/ebs"
	"github.com/goldenami/packer-plugin-goldenami/datasource/image"
	"github.com/goldenami/packer-plugin-goldenami/post-processor/distribute"
	"github.com/goldenami/packer-plugin-goldenami/provisioner/seal"
	"github.com/goldenami/packer-plugin-goldenami/version"
)

func main() {
	set := plugin.NewSet()
	set.RegisterBuilder("ebs", new(ebs.Builder))
	set.RegisterProvisioner("seal", new(seal.Provisioner))
	set.RegisterPostProcessor("distribute", new(distribute.PostProcessor))
	set.RegisterDatasource("image", new(image.Datasource))
	set.SetVersion(version.PluginVersion)
	if err := set.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
