package policy

import "slices"

// Request is one permission that a call needs. A call that needs several makes a
// request for each.
type Request struct {
	Principal Principal
	// Action is service:Name, Resource an ARN or "*".
	Action, Resource string
	// Owner is the account that has the resource policy's resource; empty is the
	// caller's own.
	Owner   string
	Context Context
}

// Layer is a kind of policy.
type Layer string

// The layers, as AWS names them in its texts.
const (
	IdentityLayer Layer = "identity-based policy"
	BoundaryLayer Layer = "permissions boundary"
	SessionLayer  Layer = "session policy"
	ResourceLayer Layer = "resource-based policy"
)

// Source is a document and the ARN of the managed policy that it comes from, empty
// for an inline one.
type Source struct {
	ARN      string
	Document *Document
}

// Policies are what applies to a request.
type Policies struct {
	// Open stands for identity policies that allow everything: the root, and a
	// caller for whom no policy is set.
	Open     bool
	Identity []Source
	// Bounded and InSession tell that the next layer applies, even if it is empty.
	Bounded, InSession bool
	Boundary, Session  []Source
	// Resource is the resource's own policy, or nil.
	Resource *Document
	// Required tells that without the resource's word nobody has access, as of a KMS
	// key and a role.
	Required bool
	// Granted adds what a KMS grant allows: the caller by its name.
	Granted bool
}

// Decision is what comes of a request.
type Decision struct {
	Allowed bool
	// Explicit tells that a statement denies; else no statement allows.
	Explicit bool
	// By is the layer that denies, or lacks a statement that allows.
	By Layer
	// Source is the ARN of the managed policy with the explicit deny, if it is one.
	Source string
	// Matched are the statements that deny.
	Matched []Statement
}

// Evaluate decides a request: an explicit deny anywhere wins; then the resource's
// policy and the caller's own policies must allow as "Policy evaluation logic" of
// the IAM User Guide says: inside an account one of both is enough, between two
// accounts both are needed. A boundary and a session policy limit what they are
// applied to. Where several layers stand in the way, AWS names one; the order
// here is identity, boundary, session, resource for explicit denies.
func Evaluate(r Request, p Policies) Decision {
	for _, l := range p.layers() {
		for _, s := range l.sources {
			if denying := s.Document.matching(Deny, r); len(denying) > 0 {
				return Decision{Explicit: true, By: l.layer, Source: s.ARN, Matched: denying}
			}
		}
	}
	granted := p.granted(r)
	own := p.Open || allows(p.Identity, r)
	bounded := !p.Bounded || allows(p.Boundary, r)
	inSession := !p.InSession || allows(p.Session, r)
	foreign := r.Owner != "" && r.Owner != r.Principal.Account
	switch {
	case granted == unnamed && (foreign || p.Required):
		return Decision{By: ResourceLayer}
	case !foreign && granted == byName:
		return Decision{Allowed: true}
	case (foreign || granted != byRole) && !own:
		return Decision{By: IdentityLayer}
	case !bounded:
		return Decision{By: BoundaryLayer}
	case !inSession:
		return Decision{By: SessionLayer}
	}
	return Decision{Allowed: true}
}

type layerOf struct {
	layer   Layer
	sources []Source
}

// layers are those that apply, in the order in which a deny is reported.
func (p *Policies) layers() []layerOf {
	all := []layerOf{{IdentityLayer, p.Identity}}
	if p.Bounded {
		all = append(all, layerOf{BoundaryLayer, p.Boundary})
	}
	if p.InSession {
		all = append(all, layerOf{SessionLayer, p.Session})
	}
	if p.Resource != nil {
		all = append(all, layerOf{ResourceLayer, []Source{{Document: p.Resource}}})
	}
	return all
}

// granted is how directly the resource's policy, or a grant, allows the caller.
func (p *Policies) granted(r Request) reach {
	best := unnamed
	if p.Granted {
		best = byName
	}
	if p.Resource == nil {
		return best
	}
	for _, s := range p.Resource.matching(Allow, r) {
		best = max(best, s.about(r.Principal))
	}
	return best
}

func allows(sources []Source, r Request) bool {
	return slices.ContainsFunc(sources, func(s Source) bool { return len(s.Document.matching(Allow, r)) > 0 })
}

// matching are the statements of an effect that match a request.
func (d *Document) matching(effect Effect, r Request) []Statement {
	var all []Statement
	for _, s := range d.Statements {
		if s.Effect == effect && s.matches(d, r) {
			all = append(all, s)
		}
	}
	return all
}

func (s *Statement) matches(d *Document, r Request) bool {
	if s.about(r.Principal) == unnamed || !s.matchesAction(r.Action) || !s.matchesResource(d, r) {
		return false
	}
	return !slices.ContainsFunc(s.Conditions, func(c Condition) bool { return !c.holds(d, r.Context) })
}

func (s *Statement) matchesAction(action string) bool {
	named := func(p string) bool { return matchAction(p, action) }
	if s.NotActions != nil {
		return !slices.ContainsFunc(s.NotActions, named)
	}
	return slices.ContainsFunc(s.Actions, named)
}

// matchesResource matches the resource; a trust policy's statement names none, for
// it is about its own role.
func (s *Statement) matchesResource(d *Document, r Request) bool {
	named := func(p string) bool {
		pattern, ok := d.expand(p, r.Context, true)
		return ok && (p == "*" || match(arnPattern(pattern), r.Resource))
	}
	switch {
	case s.NotResources != nil:
		return !slices.ContainsFunc(s.NotResources, named)
	case s.Resources == nil:
		return true
	}
	return slices.ContainsFunc(s.Resources, named)
}
