package ebs

import (
	"context"
	"os"
	"path/filepath"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/goldenami/packer-plugin-goldenami/internal/atomicfile"
	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

// prepareFirstBoot checks what can be known before the file is written.
func (c *Config) prepareFirstBoot(p *problems) {
	if c.FirstBootFile == "" || unknown(c.FirstBootFile) {
		return
	}
	if len(c.Stages) == 0 {
		p.bad("first_boot_file: the family has no stage, so there is nothing to do at first boot; leave the option out")
	}
	if info, err := os.Stat(filepath.Dir(c.FirstBootFile)); err != nil || !info.IsDir() {
		p.bad("first_boot_file: the folder %s does not exist; make it, or name another file", filepath.Dir(c.FirstBootFile))
	}
	if info, err := os.Stat(c.FirstBootFile); err == nil && info.IsDir() {
		p.bad("first_boot_file: %s is a folder; name a file in it", c.FirstBootFile)
	}
}

// firstBootData is the user data with which an instance of any tier of the family ends
// as the same machine; none without stages.
func (c *Config) firstBootData() ([]byte, error) { return stage.UserData(c.stages) }

// stepWriteFirstBoot writes the user data that completes an instance of the image,
// now that the image is good.
type stepWriteFirstBoot struct{ *build }

func (s stepWriteFirstBoot) Run(context.Context, multistep.StateBag) multistep.StepAction {
	path := s.cfg.FirstBootFile
	if path == "" {
		return multistep.ActionContinue
	}
	data, err := s.cfg.firstBootData()
	if err != nil {
		return s.halt("first_boot_file: %w", err)
	}
	// For its owner only: it holds the stages' environment. The builds of a family
	// write the same file at the same time.
	if err := atomicfile.Write(path, data, 0o600); err != nil {
		return s.halt("first_boot_file: %w", err)
	}
	_, left := stage.Cut(s.cfg.stages, s.base.Tier, s.cfg.tier())
	s.say("User data for first boot (%d bytes, %d of %d stages left to it): %s", len(data), len(left), len(s.cfg.stages), path)
	return multistep.ActionContinue
}

func (stepWriteFirstBoot) Cleanup(multistep.StateBag) {}
