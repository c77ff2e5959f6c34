package main

import "strings"

// withoutAWS is the environment without any of the caller's own AWS settings, so
// that no real profile, endpoint or token leaks into the command.
func withoutAWS(environ []string) []string {
	kept := make([]string, 0, len(environ))
	for _, line := range environ {
		if !strings.HasPrefix(line, "AWS_") {
			kept = append(kept, line)
		}
	}
	return kept
}
