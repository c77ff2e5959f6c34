package iam

import (
	"errors"
	"regexp"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/policy"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func malformed(format string, args ...any) *wire.Error {
	return wire.Errorf("MalformedPolicyDocument", format, args...)
}

// parse reads a document, or refuses it in IAM's words.
func parse(kind policy.Kind, text string) (*policy.Document, error) {
	d, err := policy.Parse(kind, text)
	var refusal *policy.MalformedError
	if errors.As(err, &refusal) {
		return nil, malformed("%s", refusal.Message)
	}
	return d, err
}

// checkIdentityPolicy tells whether a text can be a policy of a user or a role.
func checkIdentityPolicy(text string) error {
	_, err := parse(policy.Identity, text)
	return err
}

// checkTrustPolicy tells whether a text can be a role's trust policy. It names
// principals that exist, and no resource.
func checkTrustPolicy(w *world.World, text string) error {
	d, err := parse(policy.Trust, text)
	if err != nil {
		return err
	}
	for _, s := range d.Statements {
		for _, p := range []*policy.Principals{s.Principals, s.NotPrincipals} {
			if p == nil {
				continue
			}
			for _, name := range p.AWS {
				if !principalExists(w, name) {
					return malformed("Invalid principal in policy: \"AWS\":\"%s\"", name)
				}
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
