package iam

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// document is a policy as far as IAM looks at it when it is stored. What it means
// is decided where calls are evaluated.
type document struct {
	Version   string              `json:"Version"`
	ID        string              `json:"Id"`
	Statement oneOrMany[sentence] `json:"Statement"`
}

type sentence struct {
	Sid          string            `json:"Sid"`
	Effect       string            `json:"Effect"`
	Principal    json.RawMessage   `json:"Principal"`
	NotPrincipal json.RawMessage   `json:"NotPrincipal"`
	Action       oneOrMany[string] `json:"Action"`
	NotAction    oneOrMany[string] `json:"NotAction"`
	Resource     oneOrMany[string] `json:"Resource"`
	NotResource  oneOrMany[string] `json:"NotResource"`
	Condition    map[string]map[string]oneOrMany[any]
}

// oneOrMany is a value or a list of them: policies may write either.
type oneOrMany[T any] []T

// UnmarshalJSON reads both spellings, and refuses members that policies do not have.
func (o *oneOrMany[T]) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '[' {
		return strict(text, (*[]T)(o))
	}
	var single T
	err := strict(text, &single)
	*o = oneOrMany[T]{single}
	return err
}

// strict reads JSON into target, which must have a field for every member.
func strict(text []byte, target any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(target)
}

func malformed(format string, args ...any) *wire.Error {
	return wire.Errorf("MalformedPolicyDocument", format, args...)
}

// parse reads the grammar that all policies share.
func parse(text string) (*document, error) {
	if !json.Valid([]byte(text)) {
		return nil, malformed("This policy contains invalid Json")
	}
	var doc document
	if err := strict([]byte(text), &doc); err != nil {
		return nil, malformed("Syntax errors in policy.")
	}
	if doc.Version != "" && doc.Version != "2012-10-17" && doc.Version != "2008-10-17" || len(doc.Statement) == 0 {
		return nil, malformed("Syntax errors in policy.")
	}
	sids := map[string]bool{}
	for _, s := range doc.Statement {
		switch {
		case s.Effect != "Allow" && s.Effect != "Deny":
			return nil, malformed("Syntax errors in policy.")
		case s.Sid != "" && sids[s.Sid]:
			return nil, malformed("Statement IDs (SID) in a single policy must be unique.")
		}
		sids[s.Sid] = true
	}
	return &doc, nil
}

var arnStart = regexp.MustCompile(`^(?:\*|arn:[^:]+:[^:]*:[^:]*:[^:]*:.+)`)

// checkIdentityPolicy tells whether a text can be a policy of a user or a role.
func checkIdentityPolicy(text string) error {
	doc, err := parse(text)
	if err != nil {
		return err
	}
	for _, s := range doc.Statement {
		switch {
		case len(s.Principal) > 0 || len(s.NotPrincipal) > 0:
			return malformed("Policy document should not specify a principal.")
		case len(s.Action) == 0 && len(s.NotAction) == 0:
			return malformed("Policy statement must contain actions.")
		case len(s.Resource) == 0 && len(s.NotResource) == 0:
			return malformed("Policy statement must contain resources.")
		}
		for _, a := range append(append(oneOrMany[string]{}, s.Action...), s.NotAction...) {
			if a != "*" && !strings.Contains(a, ":") {
				return malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
			}
		}
		for _, r := range append(append(oneOrMany[string]{}, s.Resource...), s.NotResource...) {
			if !arnStart.MatchString(r) {
				return malformed("Resource %s must be in ARN format or \"*\".", r)
			}
		}
	}
	return nil
}

// checkTrustPolicy tells whether a text can be a role's trust policy. It names
// principals that exist, and no resource.
func checkTrustPolicy(w *world.World, text string) error {
	doc, err := parse(text)
	if err != nil {
		return err
	}
	for _, s := range doc.Statement {
		switch {
		case len(s.Resource) > 0 || len(s.NotResource) > 0:
			return malformed("Has prohibited field Resource")
		case len(s.Principal) == 0 && len(s.NotPrincipal) == 0:
			return malformed("Missing required field Principal")
		case len(s.Action) == 0 && len(s.NotAction) == 0:
			return malformed("Missing required field Action")
		}
		for _, a := range s.Action {
			if !strings.HasPrefix(strings.ToLower(a), "sts:") {
				return malformed("AssumeRole policy may only specify STS AssumeRole actions.")
			}
		}
		if err := checkPrincipal(w, s.Principal); err != nil {
			return err
		}
	}
	return nil
}

func checkPrincipal(w *world.World, raw json.RawMessage) error {
	var word string
	if len(raw) == 0 || json.Unmarshal(raw, &word) == nil && word == "*" {
		return nil
	}
	var kinds map[string]oneOrMany[string]
	if json.Unmarshal(raw, &kinds) != nil {
		return malformed("Syntax errors in policy.")
	}
	for kind, names := range kinds {
		if kind != "AWS" && kind != "Service" && kind != "Federated" && kind != "CanonicalUser" {
			return malformed("Syntax errors in policy.")
		}
		for _, name := range names {
			if kind == "AWS" && !principalExists(w, name) {
				return malformed("Invalid principal in policy: \"AWS\":\"%s\"", name)
			}
		}
	}
	return nil
}

var (
	accountID  = regexp.MustCompile(`^\d{12}$`)
	rootARN    = regexp.MustCompile(`^arn:aws:iam::\d{12}:root$`)
	sessionARN = regexp.MustCompile(`^arn:aws:sts::\d{12}:(?:assumed-role|federated-user)/.+$`)
	entityIDs  = regexp.MustCompile(`^(?:AIDA|AROA)[A-Z0-9]{16,}$`)
)

// principalExists tells whether IAM takes the name for a principal: any account,
// a session, or a user or role that exists.
func principalExists(w *world.World, name string) bool {
	if name == "*" || accountID.MatchString(name) || rootARN.MatchString(name) || sessionARN.MatchString(name) || entityIDs.MatchString(name) {
		return true
	}
	return w.Entity(name) != nil
}
