package sts

import (
	"encoding/json"
	"slices"
	"strings"
)

// policy is a trust policy as far as AssumeRole reads it.
type policy struct {
	Statement oneOrMany[statement]
}

type statement struct {
	Effect    string
	Action    oneOrMany[string]
	Principal principal
	Condition map[string]map[string]oneOrMany[string]
}

type principal struct {
	AWS oneOrMany[string]
	Any bool
}

// UnmarshalJSON reads "*" or {"AWS": ...}.
func (p *principal) UnmarshalJSON(text []byte) error {
	if string(text) == `"*"` {
		p.Any = true
		return nil
	}
	var named struct{ AWS oneOrMany[string] }
	err := json.Unmarshal(text, &named)
	p.AWS = named.AWS
	return err
}

// oneOrMany is a value or a list of them: policies may write either.
type oneOrMany[T any] []T

// UnmarshalJSON reads both spellings.
func (o *oneOrMany[T]) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '[' {
		return json.Unmarshal(text, (*[]T)(o))
	}
	var single T
	err := json.Unmarshal(text, &single)
	*o = oneOrMany[T]{single}
	return err
}

// trusts tells whether a trust policy lets the caller assume the role. A
// condition that is not understood does not hold.
func trusts(document, account, caller, externalID string) bool {
	var p policy
	if json.Unmarshal([]byte(document), &p) != nil {
		return false
	}
	allowed := false
	for _, s := range p.Statement {
		if !s.applies(account, caller, externalID) {
			continue
		}
		if s.Effect == "Deny" {
			return false
		}
		allowed = allowed || s.Effect == "Allow"
	}
	return allowed
}

func (s statement) applies(account, caller, externalID string) bool {
	acts := slices.ContainsFunc(s.Action, func(a string) bool { return a == "sts:AssumeRole" || a == "sts:*" || a == "*" })
	named := s.Principal.Any || slices.ContainsFunc(s.Principal.AWS, func(p string) bool {
		return p == "*" || p == account || p == caller || strings.HasSuffix(p, "::"+account+":root")
	})
	if !acts || !named {
		return false
	}
	for operator, keys := range s.Condition {
		for key, values := range keys {
			if operator != "StringEquals" || key != "sts:ExternalId" || !slices.Contains(values, externalID) {
				return false
			}
		}
	}
	return true
}
