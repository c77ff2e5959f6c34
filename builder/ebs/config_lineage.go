//go:generate packer-sdc struct-markdown
//go:generate packer-sdc mapstructure-to-hcl2 -type LineageConfig

package ebs

import (
	"os"
	"path/filepath"
)

// LineageConfig says where the lineage of an image is written to.
type LineageConfig struct {
	// A file for the lineage of the image as JSON: the image in every Region of the build, and the
	// chain of images from it up to the vendor's, each with its Region, id, name,
	// owner, family, tier, version, fingerprint and the time when it was built. The
	// folder must exist. The file is replaced as a whole, also when an image that
	// exists is used again. The default is to write none.
	LineageFile string `mapstructure:"lineage_file" required:"false"`
}

// prepareLineage checks what can be known before the file is written.
func (c *Config) prepareLineage(p *problems) {
	if c.LineageFile == "" || unknown(c.LineageFile) {
		return
	}
	if !c.layered() {
		p.bad("lineage_file: it needs family, the name of the product line the image belongs to")
	}
	if c.AMISkipCreateImage {
		p.bad("lineage_file: there is no image to tell of with skip_create_ami; leave one of them out")
	}
	if info, err := os.Stat(filepath.Dir(c.LineageFile)); err != nil || !info.IsDir() {
		p.bad("lineage_file: the folder %s does not exist; make it, or name another file", filepath.Dir(c.LineageFile))
	}
	if info, err := os.Stat(c.LineageFile); err == nil && info.IsDir() {
		p.bad("lineage_file: %s is a folder; name a file in it", c.LineageFile)
	}
}
