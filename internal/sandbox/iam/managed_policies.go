package iam

import (
	"slices"
	"sort"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "CreatePolicy", createPolicy)
	action.Add(Actions, "GetPolicy", getPolicy)
	action.Add(Actions, "ListPolicies", listPolicies)
	action.Add(Actions, "DeletePolicy", deletePolicy)
}

type onPolicy struct {
	ARN string `q:"PolicyArn,required"`
}

func (in onPolicy) policy(c *action.Call) (*world.ManagedPolicy, error) {
	if err := checkPolicyARN(in.ARN); err != nil {
		return nil, err
	}
	p := c.World.ManagedPolicy(c.Account, in.ARN)
	if p == nil {
		return nil, noSuch("Policy %s was not found.", in.ARN)
	}
	return p, nil
}

// own is [onPolicy.policy] for what changes the policy: AWS's own stay as they are.
func (in onPolicy) own(c *action.Call, operation string) (*world.ManagedPolicy, error) {
	p, err := in.policy(c)
	if err == nil && strings.HasPrefix(in.ARN, "arn:aws:iam::aws:") {
		return nil, wire.Errorf("AccessDenied", "User: %s is not authorized to perform: iam:%s on resource: policy %s", c.Principal, operation, in.ARN).WithStatus(403) // unverified: text
	}
	return p, err
}

type createPolicyInput struct {
	Name        string `q:"PolicyName,required"`
	Path        string `q:"Path"`
	Document    string `q:"PolicyDocument,required"`
	Description string `q:"Description"`
	Tags        []tag  `q:"Tags"`
}

type policyOutput struct {
	Policy policyItem `xml:"Policy"`
}

type policyItem struct {
	Name        string            `xml:"PolicyName"`
	ID          string            `xml:"PolicyId"`
	ARN         string            `xml:"Arn"`
	Path        string            `xml:"Path"`
	Default     string            `xml:"DefaultVersionId"`
	Attached    int               `xml:"AttachmentCount"`
	Boundaries  int               `xml:"PermissionsBoundaryUsageCount"`
	Attachable  bool              `xml:"IsAttachable"`
	Description string            `xml:"Description,omitempty"`
	Created     wire.DateTime     `xml:"CreateDate"`
	Updated     wire.DateTime     `xml:"UpdateDate"`
	Tags        wire.Members[tag] `xml:"Tags,omitempty"`
}

// entities are the users and roles of an account.
func entities(a *world.Account) []*world.Entity {
	all := make([]*world.Entity, 0, len(a.Users)+len(a.Roles))
	for _, u := range a.Users {
		all = append(all, &u.Entity)
	}
	for _, r := range a.Roles {
		all = append(all, &r.Entity)
	}
	return all
}

// policyView is a policy as lists show it: without description and tags.
func policyView(a *world.Account, p *world.ManagedPolicy) policyItem {
	item := policyItem{
		Name: p.Name, ID: p.ID, ARN: p.ARN, Path: p.Path, Default: p.Default, Attachable: true,
		Created: wire.DateTime(p.Created), Updated: wire.DateTime(p.Updated),
	}
	for _, e := range entities(a) {
		if slices.Contains(e.Attached, p.ARN) {
			item.Attached++
		}
		if e.Boundary == p.ARN {
			item.Boundaries++
		}
	}
	return item
}

func wholePolicy(c *action.Call, p *world.ManagedPolicy) *policyOutput {
	item := policyView(c.World.Account(c.Account), p)
	item.Description, item.Tags = p.Description, tagItems(p.Tags)
	return &policyOutput{item}
}

// policyLimit is the length that a version of a managed policy may have.
const policyLimit = 6144

func checkManaged(document string) error {
	if err := checkIdentityPolicy(document); err != nil {
		return err
	}
	if lengthOf(document) > policyLimit {
		return limit("Cannot exceed quota for PolicySize: %d", policyLimit)
	}
	return nil
}

func createPolicy(c *action.Call, in *createPolicyInput) (*policyOutput, error) {
	a := c.World.Account(c.Account)
	if err := checkName("policyName", in.Name, 128); err != nil {
		return nil, err
	}
	path, err := checkPath(in.Path)
	if err != nil {
		return nil, err
	}
	for _, p := range a.ManagedPolicies { // unique whatever the case and path
		if strings.EqualFold(p.Name, in.Name) {
			return nil, exists("A policy called %s already exists. Duplicate names are not allowed.", in.Name)
		}
	}
	tags, err := checkTags(in.Tags)
	if err != nil {
		return nil, err
	}
	if err := checkManaged(in.Document); err != nil {
		return nil, err
	}
	p := &world.ManagedPolicy{
		Name: in.Name, ID: c.World.NewEntityID("ANPA"), ARN: "arn:aws:iam::" + c.Account + ":policy" + path + in.Name, Path: path,
		Description: in.Description, Versions: []world.PolicyVersion{{ID: "v1", Document: in.Document, Created: c.Now}}, Default: "v1", Made: 1,
		Tags: tags, Created: c.Now, Updated: c.Now,
	}
	a.ManagedPolicies[p.ARN] = p
	return wholePolicy(c, p), nil
}

func getPolicy(c *action.Call, in *onPolicy) (*policyOutput, error) {
	p, err := in.policy(c)
	if err != nil {
		return nil, err
	}
	return wholePolicy(c, p), nil
}

type listPoliciesInput struct {
	byPath
	Scope        string `q:"Scope"`
	OnlyAttached bool   `q:"OnlyAttached"`
}

type listPoliciesOutput struct {
	Policies wire.Members[policyItem] `xml:"Policies"`
	page
}

func listPolicies(c *action.Call, in *listPoliciesInput) (*listPoliciesOutput, error) {
	a := c.World.Account(c.Account)
	var candidates []*world.ManagedPolicy
	switch in.Scope {
	case "", "All":
		candidates = world.AWSPolicies()
	case "AWS":
		candidates = world.AWSPolicies()
	case "Local":
	default:
		return nil, invalid("1 validation error detected: Value '%s' at 'scope' failed to satisfy constraint: Member must satisfy enum value set: [All, AWS, Local]", in.Scope)
	}
	if in.Scope != "AWS" {
		for _, p := range a.ManagedPolicies {
			candidates = append(candidates, p)
		}
	}
	var all []policyItem
	for _, p := range candidates {
		item := policyView(a, p)
		if strings.HasPrefix(p.Path, in.Path) && (!in.OnlyAttached || item.Attached > 0) {
			all = append(all, item)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].ARN < all[j].ARN })
	part, p, err := cut(all, in.paged, func(i policyItem) string { return i.ARN })
	return &listPoliciesOutput{Policies: part, page: p}, err
}

// deletePolicy refuses while an entity has the policy, or other versions exist.
func deletePolicy(c *action.Call, in *onPolicy) (*struct{}, error) {
	p, err := in.own(c, "DeletePolicy")
	if err != nil {
		return nil, err
	}
	a := c.World.Account(c.Account)
	if used := policyView(a, p); used.Attached+used.Boundaries > 0 {
		return nil, conflict("Cannot delete a policy attached to entities.")
	}
	if len(p.Versions) > 1 {
		return nil, conflict("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
	}
	delete(a.ManagedPolicies, p.ARN)
	return nil, nil //nolint:nilnil // the answer has no result
}
