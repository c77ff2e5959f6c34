package seal

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/shell"
)

// Forbidden is a string that must not stand in the image. Its value goes to the
// guest's memory and nowhere else: reports and errors have its label.
type Forbidden struct {
	Label string // for people, for example forbidden_strings[0]
	Value string
	// Warn makes a finding a warning.
	Warn bool
}

// minForbidden is the length from which a string says something: shorter ones
// stand in programs by chance.
const minForbidden = 6

// maxForbidden is how much of it is looked for: with ssh_pty the program passes
// through a terminal, which cuts lines at 4095 bytes.
const maxForbidden = 512

// Check gives why the string cannot be looked for, without showing it.
func (f Forbidden) Check() error {
	if strings.ContainsFunc(f.pattern(), func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return fmt.Errorf("%s holds a control character, which no terminal passes on; give the text before or after it", f.Label)
	}
	if len(f.pattern()) < minForbidden {
		return fmt.Errorf("%s is shorter than %d characters, which stand in many files by chance; give a longer string or leave it out", f.Label, minForbidden)
	}
	return nil
}

// pattern is what is looked for: grep knows lines, so of several the longest, and
// of these the last. Keys begin with what others of their kind begin with too.
func (f Forbidden) pattern() string {
	longest := ""
	for line := range strings.Lines(f.Value) {
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" && len(line) >= len(longest) {
			longest = line
		}
	}
	return longest[:min(len(longest), maxForbidden)]
}

// validForbidden looks at the strings and at the user's scanner.
func (o Options) validForbidden() []error {
	var errs []error
	for _, f := range o.Forbidden {
		if err := f.Check(); err != nil {
			errs = append(errs, err)
		}
	}
	if strings.ContainsRune(o.Scanner, 0) {
		errs = append(errs, errors.New("scanner_command: it holds a NUL byte, which no shell takes; leave it out"))
	}
	if strings.ContainsFunc(o.Scanner, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' && r != 0 || r == 0x7f }) {
		errs = append(errs, errors.New("scanner_command: it holds a control character, which no terminal passes on; leave it out"))
	}
	if o.Scanner != "" && strings.TrimSpace(o.Scanner) == "" {
		errs = append(errs, errors.New("scanner_command: it is blank; name a command of the guest or leave the option out"))
	}
	return errs
}

// writeForbidden writes the strings, for the seal's own program and not for that
// of the shutdown, which stands in a file.
func writeForbidden(b *strings.Builder, o Options) {
	patterns := make([]string, 0, len(o.Forbidden))
	var each strings.Builder
	for _, f := range o.Forbidden {
		verdict := "fail"
		if f.Warn {
			verdict = "warn"
		}
		patterns = append(patterns, f.pattern())
		fmt.Fprintf(&each, "\t\"$1\" %s %s %s\n", shell.Quote(f.Label), shell.Quote(f.pattern()), verdict)
	}
	fmt.Fprintf(b, "GA_FORBIDDEN=%s\nGA_SCANNER=%s\n", shell.Quote(strings.Join(patterns, "\n")), shell.Quote(o.Scanner))
	// each_forbidden FUNCTION: calls it with label, string and verdict of each.
	fmt.Fprintf(b, "each_forbidden() {\n%s\t:\n}\n", each.String())
}
