package seal_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// What is read from the shell program is all of its rules, as its shell reads them.
func TestRulesAreThoseOfTheProgram(t *testing.T) {
	t.Parallel()
	var names []string
	secrets := sealtest.Secrets()
	for _, rule := range seal.Rules() {
		names = append(names, rule.Name)
		pattern, err := regexp.CompilePOSIX(rule.Pattern)
		if err != nil {
			t.Errorf("%s: %v", rule.Name, err)
			continue
		}
		if !pattern.MatchString("x " + secrets[rule.Name] + "\n") {
			t.Errorf("%s does not match its secret", rule.Name)
		}
	}
	slices.Sort(names)
	if want := slices.Sorted(maps.Keys(secrets)); !slices.Equal(names, want) {
		t.Errorf("rules are\n%q, and there are secrets of\n%q", names, want)
	}
	text, err := os.ReadFile("program/scan.sh")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "scan_rules() {\n")
	list, _, _ = strings.Cut(list, "\n}\n")
	if lines := strings.Count(list, `"$1" `); lines != len(names) {
		t.Errorf("the program has %d rules, %d were read", lines, len(names))
	}
}

func TestExamplesAreThoseOfTheProgram(t *testing.T) {
	t.Parallel()
	examples := seal.Examples()
	is := func(text string) bool {
		return slices.ContainsFunc(examples, func(e string) bool { return regexp.MustCompile("(?i)" + e).MatchString(text) })
	}
	for text, want := range map[string]bool{"AKIAIOSFODNN7EXAMPLE": true, "https://user:password@h": true, "https://app:s3cr3t@h": false, "AKIAEXAMPLE234567ABC": false} {
		if is(text) != want {
			t.Errorf("%s by %q: %t", text, examples, !want)
		}
	}
}
