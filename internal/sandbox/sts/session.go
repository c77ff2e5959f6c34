package sts

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/authorize"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/policy"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// session is what a new session has besides its role.
type session struct {
	policies, policyARNs []string
	tags                 map[string]string
	transitive           []string
	sourceIdentity       string
	// chained tells that a session starts this one.
	chained bool
}

// The limits of AssumeRole (STS API reference).
const (
	maxSessionPolicies = 10
	maxSessionTags     = 50
)

// session checks what the caller asks for beyond the role, and whether it may have
// the role at all. What a session of the caller hands on wins over the request.
func (in *assumeRoleInput) session(c *action.Call, account string, role *world.Role) (*session, error) {
	s := &session{tags: map[string]string{}, sourceIdentity: in.SourceIdentity, transitive: slices.Clone(in.TransitiveKeys)}
	if err := in.policies(c, account, s); err != nil {
		return nil, err
	}
	if len(in.Tags) > maxSessionTags {
		return nil, wire.Errorf("ValidationError", "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to %d", maxSessionTags)
	}
	for _, t := range in.Tags {
		s.tags[t.Key] = t.Value
	}
	requested := maps.Clone(s.tags)
	if err := s.inherit(c, in.SourceIdentity); err != nil {
		return nil, err
	}
	refusal := authorize.AssumeRole(c, authorize.Assumption{
		Role: role, Account: account, SessionName: in.SessionName, ExternalID: in.ExternalID, Asked: in.RoleARN,
		SourceIdentity: in.SourceIdentity, Tags: requested, Transitive: in.TransitiveKeys,
	})
	switch {
	case refusal != nil:
		return nil, refusal
	case in.SerialNumber != "" || in.TokenCode != "":
		return nil, wire.Errorf("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ").WithStatus(http.StatusForbidden)
	}
	return s, nil
}

// policies reads the session policies.
func (in *assumeRoleInput) policies(c *action.Call, account string, s *session) error {
	if in.Policy != "" {
		if _, err := policy.Parse(policy.Session, in.Policy); err != nil {
			return wire.Errorf("MalformedPolicyDocument", "%s", err)
		}
		s.policies = []string{in.Policy}
	}
	if len(in.PolicyARNs) > maxSessionPolicies {
		return wire.Errorf("ValidationError", "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to %d", maxSessionPolicies)
	}
	for _, p := range in.PolicyARNs {
		if c.World.ManagedPolicy(account, p.ARN) == nil {
			return wire.Errorf("ValidationError", "The policy %s does not exist or is not attachable.", p.ARN) // unverified: code and text
		}
		s.policyARNs = append(s.policyARNs, p.ARN)
	}
	return nil
}

// inherit takes over the transitive tags and the source identity of the caller's
// own session, which cannot be changed on the way.
func (s *session) inherit(c *action.Call, identity string) error {
	_, key, known := c.World.Authenticate(c.AccessKeyID)
	if !known || key.Session == "" {
		return nil
	}
	s.chained = true
	if key.SourceIdentity != "" {
		if identity != "" && identity != key.SourceIdentity {
			return wire.Errorf("AccessDenied", "The source identity of a session cannot be changed").WithStatus(http.StatusForbidden) // unverified: text
		}
		s.sourceIdentity = key.SourceIdentity
	}
	for _, name := range key.TransitiveTags {
		if slices.ContainsFunc(slices.Collect(maps.Keys(s.tags)), func(k string) bool { return strings.EqualFold(k, name) }) {
			return wire.Errorf("InvalidParameterValue", "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.") // unverified: code
		}
		s.tags[name] = key.SessionTags[name]
		s.transitive = append(s.transitive, name)
	}
	return nil
}

func (s *session) keep(key *world.AccessKey) {
	key.SessionPolicies, key.SessionPolicyARNs = s.policies, s.policyARNs
	key.SessionTags, key.TransitiveTags, key.SourceIdentity = s.tags, s.transitive, s.sourceIdentity
}
