package authorize

import (
	"net/http"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/policy"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// Assumption are the parameters of an AssumeRole that policies look at.
type Assumption struct {
	Role                                    *world.Role
	Account, SessionName, ExternalID, Asked string
	SourceIdentity                          string
	Tags                                    map[string]string
	Transitive                              []string
}

// AssumeRole is the refusal of a caller who may not assume a role, or nil: the
// role's trust policy must name the caller, and the caller's own policies must
// allow it where the trust policy leaves it to the account or is of another
// account. A role that does not exist (nil) is refused in the same words. Asked is
// the role's ARN as the caller wrote it. Call it inside [world.World.Do].
func AssumeRole(c *action.Call, a Assumption) *wire.Error {
	operations := []string{"sts:AssumeRole"}
	if len(a.Tags) > 0 {
		operations = append(operations, "sts:TagSession")
	}
	if a.SourceIdentity != "" {
		operations = append(operations, "sts:SetSourceIdentity")
	}
	who := callerOf(c)
	for _, operation := range operations {
		own := who.policies(c.World)
		own.Required = true
		n := Need{Action: operation, Resource: a.Asked, Owner: a.Account}
		a.setContext(&n)
		if a.Role != nil {
			own.Resource = trustPolicy(a.Role)
			setTags(&n, "iam:", a.Role.Tags)
		}
		r := who.request(c, n)
		r.Owner = a.Account
		if d := policy.Evaluate(r, own); !d.Allowed {
			return errAssume(c, who, n, d)
		}
	}
	return nil
}

func (a *Assumption) setContext(n *Need) {
	n.Context.Set("sts:RoleSessionName", a.SessionName)
	n.Context.SetNotEmpty("sts:ExternalId", a.ExternalID)
	n.Context.SetNotEmpty("sts:SourceIdentity", a.SourceIdentity)
	n.Context.Set("sts:TransitiveTagKeys", a.Transitive...)
	n.Context.Set("aws:TagKeys", sortedKeys(a.Tags)...)
	for _, k := range sortedKeys(a.Tags) {
		n.Context.Set("aws:RequestTag/"+k, a.Tags[k])
	}
}

// errAssume gives no reason where the trust policy stands in the way: STS tells
// nobody whether the role exists.
func errAssume(c *action.Call, who caller, n Need, d policy.Decision) *wire.Error {
	text := "User: " + who.ARN + " is not authorized to perform: " + n.Action + " on resource: " + n.Resource
	if d.By != policy.ResourceLayer {
		text = sentence(c, who, n, d)
	}
	return wire.Errorf("AccessDenied", "%s", text).WithStatus(http.StatusForbidden)
}

func trustPolicy(r *world.Role) *policy.Document {
	d, err := policy.Parse(policy.Trust, r.TrustPolicy)
	if err != nil {
		return &policy.Document{}
	}
	return d
}
