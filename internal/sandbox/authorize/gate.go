package authorize

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/policy"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// Gate refuses a call whose caller lacks a permission that it needs. It comes
// before the action looks at its parameters, and so before DryRun's answer too.
func Gate(c *action.Call, s *action.Set) *wire.Error {
	if _, known := s.Actions[c.Action]; !known {
		return nil
	}
	var refusal *wire.Error
	c.World.Do(func() { refusal = check(c) })
	return refusal
}

func check(c *action.Call) *wire.Error {
	who := callerOf(c)
	own := who.policies(c.World)
	if own.Open && !own.Bounded && !own.InSession {
		return nil // nothing that applies could deny
	}
	for _, n := range Needs(c) {
		if d := who.decide(c, own, n); !d.Allowed {
			return refuse(c, who, n, d)
		}
	}
	return nil
}

// Permits tells whether the caller has every one of the permissions. Call it
// inside [world.World.Do].
func Permits(c *action.Call, needs ...Need) bool {
	who := callerOf(c)
	own := who.policies(c.World)
	for _, n := range needs {
		if !who.decide(c, own, n).Allowed {
			return false
		}
	}
	return true
}

// Require is the refusal of a call that lacks one of the permissions, or nil. Call
// it inside [world.World.Do].
func Require(c *action.Call, needs ...Need) *wire.Error {
	who := callerOf(c)
	own := who.policies(c.World)
	for _, n := range needs {
		if d := who.decide(c, own, n); !d.Allowed {
			return refuse(c, who, n, d)
		}
	}
	return nil
}

// decide evaluates one need.
func (who caller) decide(c *action.Call, own policy.Policies, n Need) policy.Decision {
	if n.key != nil {
		own.Required, own.Resource, own.Granted = true, keyPolicy(n.key), granted(n.key, who.Principal, n)
	}
	return policy.Evaluate(who.request(c, n), own)
}

func (who caller) request(c *action.Call, n Need) policy.Request {
	x := who.context(c)
	x.Set("aws:ResourceAccount", first(n.Owner, who.Account))
	return policy.Request{Principal: who.Principal, Action: n.Action, Resource: n.Resource, Owner: n.foreignOwner(), Context: x.With(n.Context)}
}

// foreignOwner is the account whose own policy must allow too. Only resources with
// a policy have one: an image that is shared, or public, has none.
func (n Need) foreignOwner() string {
	if n.key != nil {
		return n.key.Account
	}
	return ""
}

// Needs are the permissions that a call needs, in the order in which a denial
// names them.
func Needs(c *action.Call) []Need {
	switch c.Service {
	case "ec2":
		return ec2Needs(c)
	case "kms":
		return kmsNeeds(c)
	case "ssm":
		return ssmNeeds(c)
	case "iam":
		return iamNeeds(c)
	case "sts":
		if c.Action == "GetCallerIdentity" || c.Action == "AssumeRole" {
			return nil // the one needs none; the other is decided with the role at hand
		}
	}
	return []Need{need(c.Service+":"+c.Action, anything)}
}

var _ action.Gate = Gate

func keyPolicy(k *world.Key) *policy.Document {
	d, err := policy.Parse(policy.Key, k.Policy)
	if err != nil {
		return &policy.Document{}
	}
	return d
}
