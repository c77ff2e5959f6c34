package ebs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

// prepareFirstBoot checks what instances of the family are started with, after the
// stages are read.
func (c *Config) prepareFirstBoot(p *problems) {
	f := c.FirstBoot
	if unknown(f.File + f.UserData + f.UserDataFile) {
		return
	}
	if f.File != "" {
		c.prepareFirstBootFile(p)
	}
	own, err := f.own()
	if err != nil {
		p.add(err)
		return
	}
	c.ownUserData = own
	if _, err := stage.UserData(nil, own); err != nil {
		p.bad("first_boot: %s: %w", f.source(), err)
		return
	}
	switch _, err := c.firstBootData(); {
	case err != nil && c.bootsInstances():
		p.bad("first_boot: %w", err)
	case err != nil:
		p.warn(fmt.Sprintf("stage: images of lower tiers cannot be completed at first boot: %s", err))
	}
}

// bootsInstances tells whether anything that the template asks for needs the user data.
func (c *Config) bootsInstances() bool {
	return c.FirstBoot.set() || c.Verify != nil || c.LaunchTemplate != nil
}

func (c *Config) prepareFirstBootFile(p *problems) {
	path := c.FirstBoot.File
	if len(c.Stages) == 0 && c.FirstBoot.UserData == "" && c.FirstBoot.UserDataFile == "" {
		p.bad("first_boot: file: the family has no stage and no user data of its own, so there is nothing to do at first boot; leave the option out")
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		p.bad("first_boot: file: the folder %s does not exist; make it, or name another file", filepath.Dir(path))
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		p.bad("first_boot: file: %s is a folder; name a file in it", path)
	}
}

// own reads the user data that the user wants besides.
func (c FirstBootConfig) own() ([]byte, error) {
	switch {
	case c.UserData != "" && c.UserDataFile != "":
		return nil, errors.New("first_boot: user_data: there is user_data_file too; leave one out")
	case c.UserDataFile == "":
		return []byte(c.UserData), nil
	}
	text, err := os.ReadFile(c.UserDataFile)
	switch {
	case err != nil:
		return nil, fmt.Errorf("first_boot: user_data_file: %w", err)
	case len(text) == 0:
		return nil, fmt.Errorf("first_boot: user_data_file: %s is empty; leave the option out", c.UserDataFile)
	}
	return text, nil
}

// source names the option that the user data came from.
func (c FirstBootConfig) source() string {
	if c.UserDataFile != "" {
		return "user_data_file"
	}
	return "user_data"
}
