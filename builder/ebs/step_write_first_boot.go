package ebs

import (
	"context"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/goldenami/packer-plugin-goldenami/internal/atomicfile"
	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

// firstBootData is the user data with which an instance of any tier of the family ends
// as the same machine, the customer's own part included; none where there is nothing
// to do.
func (c *Config) firstBootData() ([]byte, error) {
	return stage.UserData(c.userDataFormat(), c.stages, c.ownUserData)
}

// stepWriteFirstBoot writes the user data that completes an instance of the image,
// now that the image is good.
type stepWriteFirstBoot struct{ *build }

func (s stepWriteFirstBoot) Run(context.Context, multistep.StateBag) multistep.StepAction {
	path := s.cfg.FirstBoot.File
	if path == "" {
		return multistep.ActionContinue
	}
	data, err := s.cfg.firstBootData()
	if err != nil {
		return s.halt("first_boot: %w", err)
	}
	// For its owner only: it holds the stages' environment. The builds of a family
	// write the same file at the same time.
	if err := atomicfile.Write(path, data, 0o600); err != nil {
		return s.halt("first_boot: file: %w", err)
	}
	_, left := stage.Cut(s.cfg.stages, s.base.Tier, s.cfg.tier())
	s.say("User data for first boot (%d bytes, %d of %d stages left to it): %s", len(data), len(left), len(s.cfg.stages), path)
	return multistep.ActionContinue
}

func (stepWriteFirstBoot) Cleanup(multistep.StateBag) {}
