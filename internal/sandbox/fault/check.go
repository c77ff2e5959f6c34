package fault

import (
	"fmt"
	"strings"
)

// Vocabulary is what the endpoint has: a rule that no call could match is a
// mistake, and [Spec.Check] says so.
type Vocabulary struct {
	// Actions are the actions of every service, by its name.
	Actions map[string][]string
	Regions []string
}

// Check refuses rules whose patterns match nothing that the endpoint has.
func (s Spec) Check(v Vocabulary) error {
	for i := range s.Rules {
		if r := &s.Rules[i]; r.Kind.BefallsMade() && !Fits(r.When.Service, "ec2") {
			return fmt.Errorf("line %d: rules[%d].when.service: the kind %s befalls what ec2 makes, not %s", r.line, i, r.Kind, r.When.Service)
		}
		if err := s.Rules[i].When.check(v); err != nil {
			return fmt.Errorf("line %d: rules[%d].when.%w", s.Rules[i].line, i, err)
		}
	}
	return nil
}

func (w When) check(v Vocabulary) error {
	var services []string
	found := w.Action == ""
	for _, service := range sorted(v.Actions) {
		if !Fits(w.Service, service) {
			continue
		}
		services = append(services, service)
		for _, action := range v.Actions[service] {
			found = found || Fits(w.Action, action)
		}
	}
	switch {
	case len(services) == 0:
		return fmt.Errorf("service: %q is no service of the endpoint; there are %s", w.Service, strings.Join(sorted(v.Actions), ", "))
	case !found:
		return fmt.Errorf("action: %q matches no action of %s", w.Action, strings.Join(services, ", "))
	}
	for _, region := range v.Regions {
		if Fits(w.Region, region) {
			return nil
		}
	}
	return fmt.Errorf("region: %q matches no Region; there are %s", w.Region, strings.Join(v.Regions, ", "))
}

// Fits tells whether a text fits a pattern in which * stands for any characters;
// the empty pattern fits all.
func Fits(pattern, text string) bool {
	if pattern == "" {
		return true
	}
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return true
}
