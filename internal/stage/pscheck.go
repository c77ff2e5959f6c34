package stage

import (
	"bytes"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// device matches what Windows takes for a device, whatever follows a dot.
var device = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)`)

// checkPowerShell finds what Windows takes in another way, or not at all.
func (s *Stage) checkPowerShell() []error {
	if !s.PowerShell {
		return nil
	}
	findings := []error{s.checkFileName("name", s.Name)}
	for _, f := range s.Files {
		for segment := range strings.SplitSeq(f.Path, "/") {
			if err := s.checkFileName("files", segment); err != nil {
				findings = append(findings, err)
				break
			}
		}
	}
	if len(s.Secrets) > 0 {
		findings = append(findings, s.wrong("secrets", "they are fetched on Linux alone: have the script call Get-SSMParameterValue or Get-SECSecretValue itself"))
	}
	variables := slices.Sorted(maps.Keys(s.Environment))
	for i, name := range variables {
		if slices.ContainsFunc(variables[:i], func(other string) bool { return strings.EqualFold(other, name) }) {
			findings = append(findings, s.wrong("environment", "%s is there in other letters too, and Windows takes both for one: leave one out", name))
		}
	}
	return findings
}

func (s *Stage) checkFileName(option, name string) error {
	if device.MatchString(name) || strings.ContainsAny(name, `<>:"|?*\`) || strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") {
		return s.wrong(option, "%q cannot be the name of a file on Windows: take another", name)
	}
	return nil
}

// checkPSContent is checkContent for PowerShell.
func checkPSContent(content []byte) error {
	switch {
	case bytes.HasPrefix(content, []byte{0xff, 0xfe}) || bytes.HasPrefix(content, []byte{0xfe, 0xff}):
		return errors.New("it is UTF-16: save it as UTF-8")
	case !utf8.Valid(content):
		return errors.New("it is not UTF-8: save it so")
	}
	return nil
}

// psInlineHead and psInlineTail make a failing cmdlet end the stage, and its exit
// code that of the last program it ran.
const (
	psInlineHead = "$ErrorActionPreference = 'Stop'\n"
	psInlineTail = "exit [int]$LASTEXITCODE\n"
)
