package ebs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/layer"
	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

// stepDecideReuse decides whether an image that exists is the result, and if not,
// what the new one is called and what its tags will say.
//
// Writes: generated_data.
type stepDecideReuse struct{ *build }

func (s stepDecideReuse) Run(ctx context.Context, _ multistep.StateBag) multistep.StepAction {
	if !s.cfg.layered() {
		s.name = s.cfg.AMIName
		s.putGoldenData()
		return multistep.ActionContinue
	}
	in, err := s.inputs()
	if err == nil {
		s.sum, err = in.Sum()
	}
	if err == nil {
		s.items, err = in.Items()
	}
	if err != nil {
		return s.halt("inputs: %w", err)
	}
	if err := s.decide(ctx); err != nil {
		return s.halt("look for an image that exists: %w", err)
	}
	s.accept()
	return multistep.ActionContinue
}

// accept tells the user what was decided, and makes it so.
func (s stepDecideReuse) accept() {
	s.ui.Say(s.decision.Sentence)
	if s.decision.Warning != "" {
		s.say("Warning: %s", s.decision.Warning)
	}
	if s.reused() {
		s.adopt()
	} else {
		s.plan(time.Now())
	}
	s.putGoldenData()
}

func (stepDecideReuse) Cleanup(multistep.StateBag) {}

// inputs gathers what decides the content of the image.
func (s stepDecideReuse) inputs() (layer.Inputs, error) {
	c := s.cfg
	bake, _ := stage.Cut(c.stages, s.base.Tier, c.tier())
	in := layer.Inputs{Tier: c.tier(), Architecture: c.architecture(), Stages: bake}
	if c.Inputs != nil {
		files, err := layer.Files("", c.Inputs.Files, c.Inputs.Exclude)
		if err != nil {
			return in, fmt.Errorf("inputs: files: %w", err)
		}
		in.Files, in.Values = files, c.Inputs.Values
	}
	config, err := c.content()
	if err != nil {
		return in, err
	}
	in.Config = config
	return in, nil
}

// content are the options that change what is in the image or how it can be started.
func (c *Config) content() (map[string]any, error) {
	userData := []byte(c.UserData)
	if c.UserDataFile != "" {
		var err error
		if userData, err = os.ReadFile(c.UserDataFile); err != nil {
			return nil, fmt.Errorf("user_data_file: %w", err)
		}
	}
	hash := sha256.Sum256(userData)
	return map[string]any{
		"ami_block_device_mappings":    c.AMIMappings,
		"launch_block_device_mappings": c.LaunchMappings,
		"encrypt_boot":                 c.AMIEncryptBootVolume,
		"kms_key":                      c.keyOf(c.RawRegion),
		"ena_support":                  c.AMIENASupport,
		"sriov_support":                c.AMISriovNetSupport,
		"no_ephemeral":                 c.NoEphemeral,
		"user_data":                    hex.EncodeToString(hash[:]),
	}, nil
}

// decide compares the good image that others take with what a new one would be.
func (s stepDecideReuse) decide(ctx context.Context) error {
	c := s.cfg
	key := c.layerKey()
	current, found, err := layer.EC2Lookup{API: s.clients.EC2("")}.Current(ctx, key)
	if err != nil {
		return err
	}
	if found {
		s.current = &current
	}
	s.decision = layer.Decide(layer.Question{
		Key: key, Force: c.PackerForce || c.Rebuild == rebuildAlways, Current: s.current,
		Sum: s.sum, Items: s.items, Base: s.base, Declared: c.Inputs != nil, ShelfLife: c.shelfLife, Scan: c.scan, Now: time.Now(),
	})
	return nil
}

// adopt makes the image that exists the result.
func (s stepDecideReuse) adopt() {
	s.imageID, s.name = s.current.ID, s.current.Name
	meta := s.current.Meta
	s.meta = &meta
}

// limit is when the shelf life ends at the latest; zero for no such time.
func (s stepDecideReuse) limit() time.Time {
	if s.cfg.OutliveParent {
		return time.Time{}
	}
	return s.base.ExpiresAt
}

// plan says what the new image will be.
func (s stepDecideReuse) plan(now time.Time) {
	c := s.cfg
	shelfLife := c.shelfLife
	if shelfLife == 0 {
		shelfLife = layer.ShelfLife(c.tier())
	}
	fingerprint := s.sum.Fingerprint(s.base.Identity())
	s.meta = &ami.Meta{
		Family: c.Family, Tier: c.tier(), State: ami.Building,
		Version: ami.NewVersion(now), Fingerprint: fingerprint, Inputs: s.sum.String(), Items: s.items.String(),
		Parent: s.base.ImageID, ParentVersion: s.base.Version, Root: s.base.Root, Run: s.runID,
		BuiltAt: now.UTC().Truncate(time.Second), ExpiresAt: layer.Expiry(now, shelfLife, s.limit()),
	}
	s.name = c.AMIName
	if s.name == "" {
		s.name = ami.Name(c.Family, c.tier(), c.architecture(), fingerprint, s.meta.Version)
	}
}
