package policy

import (
	"slices"
	"strings"
)

// Kind is where a document stands, which decides what it must contain.
type Kind int

// The kinds of documents.
const (
	// Identity is a policy of a user or role, managed or inline, and a boundary.
	Identity Kind = iota
	// Session is a policy that is passed to AssumeRole.
	Session
	// Trust is the policy of a role that says who may assume it.
	Trust
	// Key is the policy of a KMS key.
	Key
)

const (
	versionOld = "2008-10-17"
	versionNew = "2012-10-17"
)

// Parse reads a document of a kind. The error is a [MalformedError] with AWS's text.
// Two findings come in the order in which IAM gives them: syntax, version, what
// only the older parser refuses, then statements' contents.
func Parse(kind Kind, text string) (*Document, error) {
	d, err := read(text)
	if err != nil {
		return nil, err
	}
	if d.Version != versionNew && (kind == Identity || kind == Session) {
		return nil, malformed(textVersion)
	}
	if err := checkParts(kind, d); err != nil {
		return nil, err
	}
	if err := checkDates(d); err != nil {
		return nil, err
	}
	if err := checkSids(d); err != nil {
		return nil, err
	}
	for _, s := range d.Statements {
		if err := s.check(kind); err != nil {
			return nil, err
		}
	}
	if d.Version == "" {
		d.Version = versionOld
	}
	return d, nil
}

// checkParts is which elements a statement of the kind has at all.
func checkParts(kind Kind, d *Document) error {
	for _, s := range d.Statements {
		has := s.Principals != nil || s.NotPrincipals != nil
		switch {
		case has && (kind == Identity || kind == Session):
			return malformed(textPrincipal)
		case kind == Trust && len(s.Resources)+len(s.NotResources) > 0:
			return malformed(textProhibited)
		case !has && (kind == Trust || kind == Key):
			return malformed(textNoPrincipal)
		}
	}
	return nil
}

func checkDates(d *Document) error {
	for _, s := range d.Statements {
		for _, c := range s.Conditions {
			if !strings.HasPrefix(c.Operator.Name, "Date") {
				continue
			}
			for _, v := range c.Values {
				if _, ok := moment(v); !ok && !strings.Contains(v, "${") {
					return malformed(textLegacy)
				}
			}
		}
	}
	return nil
}

func checkSids(d *Document) error {
	seen := map[string]bool{}
	for _, s := range d.Statements {
		if s.Sid != "" && seen[s.Sid] {
			return malformed(textSids)
		}
		seen[s.Sid] = true
	}
	return nil
}

// check is what a statement must contain.
func (s Statement) check(kind Kind) error {
	if len(s.Actions)+len(s.NotActions) == 0 {
		return malformed(textActions)
	}
	if kind != Trust && len(s.Resources)+len(s.NotResources) == 0 {
		return malformed(textResources)
	}
	for _, r := range slices.Concat(s.Resources, s.NotResources) {
		if err := checkResource(r); err != nil {
			return err
		}
	}
	for _, a := range slices.Concat(s.Actions, s.NotActions) {
		if err := checkAction(a); err != nil {
			return err
		}
		if kind == Trust && !trustAction(a) {
			return malformed(textAssume)
		}
	}
	return nil
}

// trustAction tells whether an action may stand in a trust policy: STS's own.
func trustAction(action string) bool {
	return action == "*" || strings.EqualFold(action[:min(4, len(action))], "sts:")
}

func checkAction(action string) error {
	vendor, rest, found := strings.Cut(action, ":")
	switch {
	case action == "*":
		return nil
	case !found:
		return malformed(textVendor)
	case strings.Contains(rest, ":"):
		return malformed(textColons)
	case vendor != "*" && strings.ContainsFunc(vendor, notVendor):
		return malformed("Vendor %s is not valid", vendor)
	}
	return nil
}

func notVendor(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '.':
		return false
	}
	return true
}

// checkResource is the form of a resource: "*" or an ARN whose service is named.
func checkResource(resource string) error {
	if resource == "*" {
		return nil
	}
	parts := strings.SplitN(resource, ":", 6)
	switch {
	case len(parts) == 1:
		return malformed(`Resource %s must be in ARN format or "*".`, resource)
	case !strings.HasPrefix(parts[1], "aws") && parts[1] != "*":
		rest := append(slices.Clone(parts[2:]), "*", "*", "*", "*")
		return malformed(`Partition "%s" is not valid for resource "arn:%s:%s:%s:%s:%s".`, parts[1], parts[1], rest[0], rest[1], rest[2], rest[3])
	case len(parts) == 2:
		return malformed(textRegexes)
	case parts[2] == "" || len(parts) < 6 && strings.Contains(resource, "::"):
		return malformed(textLegacy)
	case parts[2] == "iam" && parts[3:][0] != "" && parts[3] != "*" && len(parts) == 6:
		return malformed("IAM resource %s cannot contain region information.", resource)
	}
	return nil
}
