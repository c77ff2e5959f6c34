package policy

import (
	"slices"
	"strings"
)

// Principal is who makes a call.
type Principal struct {
	// ARN is the user's, the root's, or that of an assumed role's session.
	ARN string
	// Role is the role's ARN of a session, else empty.
	Role string
	// Account is the caller's account id.
	Account string
}

// reach is how directly a Principal element names a caller.
type reach int

const (
	// unnamed is not at all.
	unnamed reach = iota
	// byAccount is by the account alone, which leaves the decision to the account's
	// own policies.
	byAccount
	// byRole is by the role of the caller's session, or by everyone.
	byRole
	// byName is by the ARN of the caller itself.
	byName
)

// names tells how a Principal element names the caller.
func (p *Principals) names(caller Principal) reach {
	best := unnamed
	if p.Any || slices.Contains(p.AWS, "*") {
		best = byName
		if caller.Role != "" {
			best = byRole
		}
	}
	for _, name := range p.AWS {
		switch name {
		case caller.ARN:
			best = byName
		case caller.Role:
			if name != "" {
				best = max(best, byRole)
			}
		case caller.Account, rootOf(name, caller.Account):
			best = max(best, byAccount)
		}
	}
	return best
}

// rootOf gives a name back when it is the root of the account in any partition.
func rootOf(name, account string) string {
	parts := strings.SplitN(name, ":", arnParts)
	if len(parts) == arnParts && parts[0] == "arn" && parts[2] == "iam" && parts[4] == account && parts[5] == "root" {
		return name
	}
	return ""
}

// about tells how a statement is about the caller. A statement without principals
// stands in a policy of the caller itself.
func (s *Statement) about(caller Principal) reach {
	switch {
	case s.Principals != nil:
		return s.Principals.names(caller)
	case s.NotPrincipals != nil:
		if s.NotPrincipals.names(caller) == unnamed {
			return byRole
		}
		return unnamed
	}
	return byName
}
