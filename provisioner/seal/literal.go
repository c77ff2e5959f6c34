package seal

import (
	"fmt"
	"slices"
	"strings"
)

// literal refuses what is meant as a pattern: nothing in the guest has such a name, so
// nothing would be kept, or removed, and nobody would be told.
func (c *Config) literal() []error {
	var errs []error
	for _, list := range []struct {
		option string
		paths  []string
	}{
		{"keep", c.Keep},
		{"scrub_paths", c.ScrubPaths},
		{"scan_allow", slices.Concat(c.ScanAllow, c.allowedPaths())},
	} {
		for _, p := range list.paths {
			if strings.ContainsAny(p, "*?") {
				errs = append(errs, fmt.Errorf("%s: %q is no pattern, names are taken as they are written; name the directory, or each path of its own", list.option, p))
			}
		}
	}
	for _, name := range c.KeepUsers {
		if strings.ContainsAny(name, "*?") {
			errs = append(errs, fmt.Errorf("keep_users: %q is no pattern; name each user as /etc/passwd of the guest does", name))
		}
	}
	return errs
}

// idle refuses options whose operation is skipped.
func (c *Config) idle() []error {
	var errs []error
	for _, asked := range []struct {
		option, operation string
		set               bool
	}{
		{"scrub_paths", "scrub-paths", len(c.ScrubPaths) > 0},
		{"ssh_banner", "ssh-banner", c.SSHBanner != ""},
		{"forbidden_strings", "forbidden-strings", len(c.ForbiddenStrings) > 0},
		{"scanner_command", "scanner", c.ScannerCommand != ""},
		{"remove_build_user", "build-user", c.RemoveBuildUser},
	} {
		if asked.set && slices.Contains(c.Skip, asked.operation) {
			errs = append(errs, fmt.Errorf("skip: %q is skipped, so %s would do nothing; leave one of them out", asked.operation, asked.option))
		}
	}
	return errs
}
