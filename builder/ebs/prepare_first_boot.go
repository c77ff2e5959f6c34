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
	if !c.prepareFormat(p) {
		return
	}
	own, err := f.own()
	if err != nil {
		p.add(err)
		return
	}
	c.ownUserData = own
	if _, err := stage.UserData(c.userDataFormat(), nil, own); err != nil {
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

// formatAuto follows the communicator.
const formatAuto = "auto"

// prepareFormat checks the format, and that it suits the way to the instance.
func (c *Config) prepareFormat(p *problems) bool {
	if f := c.FirstBoot.Format; f != "" && f != formatAuto {
		if _, err := stage.ParseFormat(f); err != nil {
			p.bad("first_boot: format: %w, or %s", err, formatAuto)
			return false
		}
	}
	if c.Comm.Type == "winrm" && !c.userDataFormat().Windows() {
		p.bad("first_boot: format: %q is for Linux, and the communicator is winrm; use %q or %q", c.FirstBoot.Format, stage.PowerShell, stage.EC2LaunchV2)
		return false
	}
	return true
}

// userDataFormat is for whom user data is written.
func (c *Config) userDataFormat() stage.Format {
	switch f := c.FirstBoot.Format; {
	case f != "" && f != formatAuto:
		return stage.Format(f)
	case c.Comm.Type == "winrm":
		return stage.PowerShell
	}
	return stage.CloudInit
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
