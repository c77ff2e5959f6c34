package ebs

import (
	"fmt"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// leftoverError says that a build ended and that things it made are still there.
type leftoverError struct {
	cause error            // why the build ended
	left  []cloud.Resource // what is there
	path  string           // of the ledger that lists it
	err   error            // why it could not be removed
	asked bool             // it was not to be removed (-on-error=abort)
}

func (e *leftoverError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n", e.cause)
	if e.asked {
		fmt.Fprintf(&text, "Left as it is, as -on-error asks:")
	} else {
		fmt.Fprintf(&text, "Left behind:")
	}
	for _, r := range e.left {
		fmt.Fprintf(&text, "\n  %s", r)
	}
	if e.err != nil {
		fmt.Fprintf(&text, "\nThe reasons: %s", e.err)
	}
	fmt.Fprintf(&text, "\nThe list is kept in %s", e.path)
	if !e.asked {
		text.WriteString(", by which the next run on this machine tries again")
	}
	return text.String()
}

func (e *leftoverError) Unwrap() []error { return []error{e.cause, e.err} }
