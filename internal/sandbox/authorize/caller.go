package authorize

import (
	"strconv"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/policy"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// caller is who makes a call, with what applies to it.
type caller struct {
	policy.Principal
	// id is the unique id (AIDA..., AROA...:session), name a user's name.
	id, name string
	entity   *world.Entity
	key      *world.AccessKey
}

// callerOf finds out who makes the call.
func callerOf(c *action.Call) caller {
	who := caller{Principal: policy.Principal{ARN: c.Principal, Account: c.Account}, id: c.Account, entity: c.World.Entity(c.Principal)}
	if _, key, known := c.World.Authenticate(c.AccessKeyID); known {
		who.key = key
	}
	if who.entity != nil {
		who.id, who.name = who.entity.ID, who.entity.Name
	}
	if _, session, assumed := strings.Cut(c.Principal, ":assumed-role/"); assumed {
		role, name, _ := strings.Cut(session, "/")
		who.Role, who.name = "arn:aws:iam::"+c.Account+":role/"+role, ""
		if who.entity != nil {
			who.Role = who.entity.ARN
		} else {
			who.id = "AROA" + c.Account // a role that every account of an organization has
		}
		who.id += ":" + name
	}
	return who
}

// CallerID is the unique id of who makes the call: of a user, of a role with the
// session's name, or the account's id for its root.
func CallerID(c *action.Call) string { return callerOf(c).id }

// policies are those of the caller itself. It is open where neither a policy of
// its own is set nor one attached.
func (who caller) policies(w *world.World) policy.Policies {
	var p policy.Policies
	p.Open = who.entity == nil || len(who.entity.Policies)+len(who.entity.Attached) == 0
	if who.entity != nil {
		for _, name := range sortedKeys(who.entity.Policies) {
			p.Identity = with(p.Identity, policy.Identity, "", who.entity.Policies[name])
		}
		p.Identity = append(p.Identity, managed(w, who.Account, policy.Identity, who.entity.Attached)...)
		if who.entity.Boundary != "" {
			p.Bounded, p.Boundary = true, managed(w, who.Account, policy.Identity, []string{who.entity.Boundary})
		}
	}
	if who.key != nil && len(who.key.SessionPolicies)+len(who.key.SessionPolicyARNs) > 0 {
		p.InSession = true
		for _, text := range who.key.SessionPolicies {
			p.Session = with(p.Session, policy.Session, "", text)
		}
		p.Session = append(p.Session, managed(w, who.Account, policy.Session, who.key.SessionPolicyARNs)...)
	}
	return p
}

// managed reads managed policies; one that is gone allows nothing.
func managed(w *world.World, account string, kind policy.Kind, arns []string) []policy.Source {
	var all []policy.Source
	for _, arn := range arns {
		if m := w.ManagedPolicy(account, arn); m != nil {
			all = with(all, kind, arn, m.Document())
		}
	}
	return all
}

// with adds a document. Documents are checked when they are set; what is not well
// formed all the same, in an older state, has no effect.
func with(to []policy.Source, kind policy.Kind, arn, text string) []policy.Source {
	d, err := policy.Parse(kind, text)
	if err != nil {
		return to
	}
	return append(to, policy.Source{ARN: arn, Document: d})
}

// context are the keys that every call has (IAM User Guide, "AWS global condition
// context keys"). The endpoint stands for AWS's, which SDKs reach by TLS: the
// transport counts as secure.
func (who caller) context(c *action.Call) policy.Context {
	var x policy.Context
	x.Set("aws:PrincipalArn", first(who.Role, who.ARN))
	x.Set("aws:PrincipalAccount", who.Account)
	x.Set("aws:PrincipalIsAWSService", "false")
	x.Set("aws:userid", who.id)
	x.Set("aws:CurrentTime", c.Now.Format(time.RFC3339))
	x.Set("aws:EpochTime", strconv.FormatInt(c.Now.Unix(), 10))
	x.Set("aws:RequestedRegion", requestedRegion(c))
	x.Set("aws:SecureTransport", "true")
	x.Set("aws:ViaAWSService", "false")
	x.SetNotEmpty("aws:SourceIp", c.SourceIP)
	x.SetNotEmpty("aws:UserAgent", c.UserAgent)
	switch {
	case who.Role != "":
		x.Set("aws:PrincipalType", "AssumedRole")
		x.Set("aws:MultiFactorAuthPresent", "false")
	case who.name != "":
		x.Set("aws:PrincipalType", "User")
		x.Set("aws:username", who.name)
	default:
		x.Set("aws:PrincipalType", "Account")
	}
	if who.entity != nil {
		for _, k := range sortedKeys(who.entity.Tags) {
			x.Set("aws:PrincipalTag/"+k, who.entity.Tags[k])
		}
	}
	if who.key != nil && who.key.Session != "" {
		for _, k := range sortedKeys(who.key.SessionTags) {
			x.Set("aws:PrincipalTag/"+k, who.key.SessionTags[k])
		}
		x.SetNotEmpty("aws:SourceIdentity", who.key.SourceIdentity)
		x.Set("aws:TokenIssueTime", who.key.Created.Format(time.RFC3339))
	}
	return x
}

// requestedRegion is where the call went: IAM's one Region is us-east-1.
func requestedRegion(c *action.Call) string {
	if c.Service == "iam" {
		return "us-east-1"
	}
	return c.Region
}
