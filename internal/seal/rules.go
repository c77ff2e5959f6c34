package seal

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Rule is one kind of secret that the secret scan knows by its looks.
type Rule struct {
	Name    string
	Pattern string // an extended regular expression of POSIX, for one line
}

// Rules gives the rules of the secret scan. They are read from the shell program, so
// that another system's scan cannot know others.
func Rules() []Rule { return slices.Clone(rules()) }

// Examples gives extended regular expressions of POSIX, whatever the case of letters,
// of findings that are documentation's examples and so none.
func Examples() []string {
	words := quoted.FindAllStringSubmatch(exampleWords.FindString(scanText), -1)
	all := make([]string, 0, len(words))
	for _, found := range words {
		all = append(all, found[1])
	}
	return all
}

var (
	ruleLine     = regexp.MustCompile(`(?m)^\t"\$1" ([a-z0-9-]+) (?:'([^']*)'|"((?:[^"\\]|\\")*)")$`)
	exampleWords = regexp.MustCompile(`grep -Eiv(?: -e '[^']*')+`)
	quoted       = regexp.MustCompile(`'([^']*)'`)
)

var rules = sync.OnceValue(func() []Rule {
	_, text, _ := strings.Cut(scanText, "\nscan_rules() {\n")
	text, _, _ = strings.Cut(text, "\n}\n")
	lines := ruleLine.FindAllStringSubmatch(text+"\n", -1)
	all := make([]Rule, 0, len(lines))
	for _, found := range lines {
		all = append(all, Rule{Name: found[1], Pattern: found[2] + strings.ReplaceAll(found[3], `\"`, `"`)})
	}
	return all
})

// Pattern is the line of the string that is looked for.
func (f Forbidden) Pattern() string { return f.pattern() }

// ScanFaults gives every fault of what the scans are to look for.
func (o Options) ScanFaults() []error { return slices.Concat(o.validScan(), o.validForbidden()) }

// KeyText is the part of an authorized key's line that is the key, or nothing where it
// is no such line.
func KeyText(line string) string { return Options{BuildKey: line}.keyText() }
