package iam

import (
	"slices"
	"sort"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

func init() {
	action.Add(Actions, "AttachRolePolicy", func(c *action.Call, in *rolePolicyARN) (*struct{}, error) { return attach(c, in.onRole, in.ARN) })
	action.Add(Actions, "AttachUserPolicy", func(c *action.Call, in *userPolicyARN) (*struct{}, error) { return attach(c, in.onUser, in.ARN) })
	action.Add(Actions, "DetachRolePolicy", func(c *action.Call, in *rolePolicyARN) (*struct{}, error) { return detach(c, in.onRole, in.ARN) })
	action.Add(Actions, "DetachUserPolicy", func(c *action.Call, in *userPolicyARN) (*struct{}, error) { return detach(c, in.onUser, in.ARN) })
	action.Add(Actions, "ListAttachedRolePolicies", func(c *action.Call, in *attachedToRole) (*attachedOutput, error) {
		return listAttached(c, in.onRole, in.Path, in.paged)
	})
	action.Add(Actions, "ListAttachedUserPolicies", func(c *action.Call, in *attachedToUser) (*attachedOutput, error) {
		return listAttached(c, in.onUser, in.Path, in.paged)
	})
}

type rolePolicyARN struct {
	onRole
	ARN string `q:"PolicyArn,required"`
}

type userPolicyARN struct {
	onUser
	ARN string `q:"PolicyArn,required"`
}

func checkPolicyARN(arn string) error {
	if !strings.HasPrefix(arn, "arn:aws:iam::") || !strings.Contains(arn, ":policy/") {
		return wire.Errorf("InvalidInput", "ARN %s is not valid.", arn)
	}
	return nil
}

// attach puts a managed policy on an entity; a second time changes nothing. An
// entity has at most ten.
func attach(c *action.Call, o owner, arn string) (*struct{}, error) {
	e, err := o.entity(c)
	if err != nil {
		return nil, err
	}
	if err := checkPolicyARN(arn); err != nil {
		return nil, err
	}
	const most = 10
	switch {
	case c.World.ManagedPolicy(c.Account, arn) == nil:
		return nil, noSuch("Policy %s does not exist or is not attachable.", arn)
	case slices.Contains(e.Attached, arn):
	case len(e.Attached) >= most && o.kind() == "role":
		return nil, limit("Cannot exceed quota for PoliciesPerRole: %d", most)
	case len(e.Attached) >= most:
		return nil, limit("Cannot exceed quota for PoliciesPerUser: %d", most)
	default:
		e.Attached = append(e.Attached, arn)
	}
	return nil, nil //nolint:nilnil // the answer has no result
}

func detach(c *action.Call, o owner, arn string) (*struct{}, error) {
	e, err := o.entity(c)
	if err != nil {
		return nil, err
	}
	at := slices.Index(e.Attached, arn)
	if at < 0 {
		return nil, noSuch("Policy %s was not found.", arn)
	}
	e.Attached = slices.Delete(e.Attached, at, at+1)
	return nil, nil //nolint:nilnil // the answer has no result
}

type attachedToRole struct {
	onRole
	paged
	Path string `q:"PathPrefix"`
}

type attachedToUser struct {
	onUser
	paged
	Path string `q:"PathPrefix"`
}

type attachedOutput struct {
	Policies wire.Members[attachedItem] `xml:"AttachedPolicies"`
	page
}

type attachedItem struct {
	Name string `xml:"PolicyName"`
	ARN  string `xml:"PolicyArn"`
}

func listAttached(c *action.Call, o owner, path string, in paged) (*attachedOutput, error) {
	e, err := o.entity(c)
	if err != nil {
		return nil, err
	}
	var all []attachedItem
	for _, arn := range e.Attached {
		if p := c.World.ManagedPolicy(c.Account, arn); p != nil && strings.HasPrefix(p.Path, path) {
			all = append(all, attachedItem{Name: p.Name, ARN: arn})
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].ARN < all[j].ARN })
	part, p, err := cut(all, in, func(a attachedItem) string { return a.ARN })
	return &attachedOutput{Policies: part, page: p}, err
}
