package stage

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

var (
	nameRule     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	variableRule = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// reserved are variables that a shell refuses to assign, or that this
// package's programs use before the stage's process is there.
var reserved = []string{"UID", "EUID", "PPID", "BASHOPTS", "SHELLOPTS", "BASH_VERSINFO", "OPTIND", FilesVariable}

// reservedPrefix is the one of the programs' own variables.
const reservedPrefix = "goldenami_"

// maxFiles is how much a stage's files may hold, in bytes: they travel inside its
// program.
const maxFiles = 8 << 20

// inlineHead makes a failing line end the stage, as a user of "inline" expects.
const inlineHead = "#!/bin/sh -e\n"

// Load checks the stages and reads their scripts, without changing its
// argument. The error holds every finding, each naming stage and option.
func Load(stages []Stage) ([]Stage, error) {
	loaded := slices.Clone(stages)
	var findings []error
	seen := map[string]bool{}
	var highest Stage
	for i := range loaded {
		s := &loaded[i]
		findings = append(findings, s.checkName(i), s.load())
		key := s.Name
		if s.PowerShell {
			key = strings.ToLower(key) // as Windows takes the name of its marker
		}
		if seen[key] && s.Name != "" {
			findings = append(findings, s.wrong("name", "there is another stage of this name: names must be unique in a family"))
		}
		seen[key] = true
		if _, err := ParseTier(string(s.Tier)); err != nil {
			findings = append(findings, s.wrong("tier", "%w", err))
			continue
		}
		if rank(s.Tier) < rank(highest.Tier) {
			findings = append(findings, s.wrong("tier", "a stage of tier %s cannot come after stage %q of tier %s: put the stages in the order %s, %s, %s, %s",
				s.Tier, highest.Name, highest.Tier, ami.OSOnly, ami.Hybrid, ami.Full, Boot))
			continue
		}
		highest = *s
	}
	if err := errors.Join(findings...); err != nil {
		return nil, err
	}
	return loaded, nil
}

// wrong makes an error that names the stage and the option.
func (s *Stage) wrong(option, format string, args ...any) error {
	return fmt.Errorf("stage %q: %s: %w", s.Name, option, fmt.Errorf(format, args...))
}

func (s *Stage) checkName(index int) error {
	switch {
	case s.Name == "":
		return fmt.Errorf("stage number %d has no name: set name", index+1)
	case !nameRule.MatchString(s.Name):
		return s.wrong("name", "use up to 64 letters, digits and . _ - and begin with a letter or a digit")
	}
	return nil
}

func (s *Stage) load() error {
	findings := slices.Concat(s.checkEnvironment(), s.checkFiles(), s.checkSecrets(), s.checkPowerShell())
	switch {
	case s.Script != "" && len(s.Inline) > 0:
		findings = append(findings, s.wrong("script", "there is inline too: a stage has one of them"))
	case s.Script == "" && len(s.Inline) == 0:
		findings = append(findings, s.wrong("script", "set script or inline: the stage does nothing"))
	case s.Script != "":
		content, err := os.ReadFile(s.Script)
		if err != nil {
			findings = append(findings, s.wrong("script", "%w", err))
			break
		}
		s.content = content
		findings = append(findings, s.checkContent("script"))
	case s.PowerShell:
		s.content = []byte(psInlineHead + strings.Join(s.Inline, "\n") + "\n" + psInlineTail)
		findings = append(findings, s.checkContent("inline"))
	default:
		s.content = []byte(inlineHead + strings.Join(s.Inline, "\n") + "\n")
		findings = append(findings, s.checkContent("inline"))
	}
	return errors.Join(findings...)
}

func (s *Stage) checkContent(option string) error {
	firstLine, _, _ := bytes.Cut(s.content, []byte("\n"))
	if s.PowerShell {
		firstLine = nil
		if err := checkPSContent(s.content); err != nil {
			return s.wrong(option, "%w", err)
		}
	}
	switch {
	case len(bytes.TrimSpace(s.content)) == 0:
		return s.wrong(option, "it is empty")
	case bytes.IndexByte(s.content, 0) >= 0:
		return s.wrong(option, "it has NUL bytes: a stage is a script; let it download a program")
	case bytes.HasSuffix(firstLine, []byte("\r")):
		return s.wrong(option, "its first line ends in CR LF, which a shell on Linux does not take: save it with LF line ends")
	}
	return nil
}

func (s *Stage) checkEnvironment() []error {
	var findings []error
	for _, name := range slices.Sorted(maps.Keys(s.Environment)) {
		findings = append(findings, s.checkVariable("environment", name))
		switch value := s.Environment[name]; {
		case strings.ContainsRune(value, 0):
			findings = append(findings, s.wrong("environment", "the value of %s has a NUL byte, which no process can be given", name))
		case !utf8.ValidString(value):
			findings = append(findings, s.wrong("environment", "the value of %s is not UTF-8, which cloud-init cannot hand on: have the stage decode it", name))
		}
	}
	return findings
}

// checkVariable checks the name of a variable that an option gives to the stage.
func (s *Stage) checkVariable(option, name string) error {
	switch {
	case !variableRule.MatchString(name):
		return s.wrong(option, "%q cannot name a variable: use letters, digits and _ and begin with no digit", name)
	case slices.Contains(reserved, name) || strings.HasPrefix(name, reservedPrefix):
		return s.wrong(option, "%s belongs to the shell or to the program that runs the stage: take another name", name)
	}
	return nil
}

// checkFiles checks what the caller found for the stage.
func (s *Stage) checkFiles() []error {
	var findings []error
	size := 0
	for _, f := range s.Files {
		size += len(f.Content)
		if !filepath.IsLocal(f.Path) || strings.ContainsFunc(f.Path, unicode.IsControl) || !utf8.ValidString(f.Path) {
			findings = append(findings, s.wrong("files", "%q cannot be the name of a file below a folder: rename it", f.Path))
		}
	}
	if size > maxFiles {
		findings = append(findings, s.wrong("files", "they are %d bytes, and a stage takes %d: keep them in S3 and let the stage download them, or upload them by a file provisioner", size, maxFiles))
	}
	return findings
}
