package seal

import (
	"fmt"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/shell"
)

// maxArguments is how many bytes of a list may become arguments or environment of
// one process in the guest: Linux starts none with more than 128 KiB in one of them,
// and a find that does not start finds nothing. Forbidden strings take twice their
// size, as they stand in UTF-16.
const maxArguments = 60 << 10

// maxTyped is how long a line of the program may be: see [maxForbidden].
const maxTyped = 4000

// validSizes refuses what the guest could not be given as a whole.
func (o Options) validSizes() []error {
	var errs []error
	forbidden := make([]string, len(o.Forbidden))
	for i, f := range o.Forbidden {
		forbidden[i] = f.pattern()
	}
	for _, list := range []struct {
		option, fix string
		values      []string
	}{
		{"keep", "name the directories that they are in", o.Keep},
		{"forbidden_strings", "name the secrets of this build alone", forbidden},
	} {
		if size := len(strings.Join(list.values, "\n")); size > maxArguments {
			errs = append(errs, fmt.Errorf("%s: %d values of together %d bytes are more than the %d that the guest can be given; %s",
				list.option, len(list.values), size, maxArguments, list.fix))
		}
	}
	for option, values := range map[string][]string{
		"keep": o.Keep, "scrub_paths": o.ScrubPaths, "scan_allow": o.ScanAllow, "keep_users": o.KeepUsers,
		"ssh_banner": {o.Banner}, "scanner_command": {o.Scanner},
	} {
		for _, value := range values {
			if !fitsLine(value) {
				errs = append(errs, fmt.Errorf("%s: a line that begins with %.40q is longer than %d characters, which terminals cut; make it shorter", option, value, maxTyped/2))
			}
		}
	}
	return errs
}

// fitsLine tells whether each line of a value is short enough, quoted twice for the
// program of the shutdown, and named twice in one line.
func fitsLine(value string) bool {
	for line := range strings.Lines(shell.Quote(shell.Quote(value))) {
		if len(line) > maxTyped/2 {
			return false
		}
	}
	return true
}
