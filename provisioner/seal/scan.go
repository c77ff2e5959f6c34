package seal

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
)

// unknown is what Packer gives for a value that it does not know yet.
const unknown = "<unknown>"

// minSensitive is the length from which a password or a variable that nobody named
// in forbidden_strings is looked for: shorter ones stand in images by chance.
const minSensitive = 8

// allowedLine is a path of scan_allow_file. Of which form it must be is known with the
// guest's system.
type allowedLine struct {
	number int
	path   string
}

// readAllowed reads scan_allow_file.
func (c *Config) readAllowed() error {
	c.allowed = nil
	if c.ScanAllowFile == "" || strings.Contains(c.ScanAllowFile, unknown) {
		return nil
	}
	file, err := os.Open(c.ScanAllowFile)
	if err != nil {
		return fmt.Errorf("scan_allow_file: %w; name a readable file of this machine, or list the paths in scan_allow", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if strings.ContainsRune(line, 0) {
			c.allowed = nil // lines before are no paths either
			return fmt.Errorf("scan_allow_file: %s is no text; it must be a text file with one path to a line", c.ScanAllowFile)
		}
		if line != "" && !strings.HasPrefix(line, "#") {
			c.allowed = append(c.allowed, allowedLine{n, line})
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("scan_allow_file: %s: %w; it must be a text file with one path to a line", c.ScanAllowFile, err)
	}
	return nil
}

func (c *Config) allowedPaths() []string {
	all := make([]string, 0, len(c.allowed))
	for _, line := range c.allowed {
		all = append(all, line.path)
	}
	return all
}

// unfitAllowed gives an error for every line that valid refuses.
func (c *Config) unfitAllowed(valid func(string) error) []error {
	var errs []error
	for _, line := range c.allowed {
		if err := valid(line.path); err != nil {
			errs = append(errs, fmt.Errorf("scan_allow_file: %s:%d: %w", c.ScanAllowFile, line.number, err))
		}
	}
	return errs
}

// forbidden are the strings of the template.
func (c *Config) forbidden() []seal.Forbidden {
	list := make([]seal.Forbidden, 0, len(c.ForbiddenStrings))
	for i, value := range c.ForbiddenStrings {
		list = append(list, seal.Forbidden{Label: fmt.Sprintf("forbidden_strings[%d]", i), Value: value})
	}
	return list
}

// known refuses to look for what Packer never came to know.
func (c *Config) known() error {
	for i, value := range c.ForbiddenStrings {
		if strings.Contains(value, unknown) {
			return fmt.Errorf("forbidden_strings[%d] has no value in this build; is what it names set by this builder?", i)
		}
	}
	return nil
}

// sensitive are secrets of this build that need not be named: the login's password,
// and the sensitive variables where Packer tells their values.
func (c *Config) sensitive(data map[string]any) []seal.Forbidden {
	if c.SecretScan == string(seal.ScanOff) {
		return nil
	}
	warn := c.SecretScan == string(seal.ScanWarn)
	var list []seal.Forbidden
	add := func(label, value string) {
		f := seal.Forbidden{Label: label, Value: value, Warn: warn}
		if len(value) >= minSensitive && f.Check() == nil {
			list = append(list, f)
		}
	}
	for _, name := range []string{"Password", "WinRMPassword"} {
		value, _ := data[name].(string)
		add("the password of the build's login", value)
	}
	for _, name := range c.PackerSensitiveVars {
		add(fmt.Sprintf("the sensitive variable %q", name), c.PackerUserVars[name])
	}
	return list
}
