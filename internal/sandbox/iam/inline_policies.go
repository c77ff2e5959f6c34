package iam

import (
	"sort"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

func init() {
	action.Add(Actions, "PutRolePolicy", func(c *action.Call, in *putRolePolicyInput) (*struct{}, error) {
		return putPolicy(c, in.onRole, in.inline)
	})
	action.Add(Actions, "PutUserPolicy", func(c *action.Call, in *putUserPolicyInput) (*struct{}, error) {
		return putPolicy(c, in.onUser, in.inline)
	})
	action.Add(Actions, "GetRolePolicy", getRolePolicy)
	action.Add(Actions, "GetUserPolicy", getUserPolicy)
	action.Add(Actions, "DeleteRolePolicy", func(c *action.Call, in *rolePolicyName) (*struct{}, error) {
		return deleteInline(c, in.onRole, in.Name)
	})
	action.Add(Actions, "DeleteUserPolicy", func(c *action.Call, in *userPolicyName) (*struct{}, error) {
		return deleteInline(c, in.onUser, in.Name)
	})
	action.Add(Actions, "ListRolePolicies", func(c *action.Call, in *listOfRole) (*policyNames, error) { return listInline(c, in.onRole, in.paged) })
	action.Add(Actions, "ListUserPolicies", func(c *action.Call, in *listOfUser) (*policyNames, error) { return listInline(c, in.onUser, in.paged) })
}

type inline struct {
	Name     string `q:"PolicyName,required"`
	Document string `q:"PolicyDocument,required"`
}

type putRolePolicyInput struct {
	onRole
	inline
}

type putUserPolicyInput struct {
	onUser
	inline
}

// inlineLimits are the lengths that all inline policies of an entity may have
// together (IAM User Guide, "IAM and AWS STS quotas").
var inlineLimits = map[string]int{"role": 10240, "user": 2048}

func putPolicy(c *action.Call, o owner, p inline) (*struct{}, error) {
	e, err := o.entity(c)
	if err != nil {
		return nil, err
	}
	if err := checkName("policyName", p.Name, 128); err != nil {
		return nil, err
	}
	if err := checkIdentityPolicy(p.Document); err != nil {
		return nil, err
	}
	total := lengthOf(p.Document)
	for name, document := range e.Policies {
		if name != p.Name {
			total += lengthOf(document)
		}
	}
	if most := inlineLimits[o.kind()]; total > most {
		return nil, limit("Maximum policy size of %d bytes exceeded for %s %s", most, o.kind(), o.name())
	}
	e.Policies[p.Name] = p.Document
	return nil, nil //nolint:nilnil // the answer has no result
}

type rolePolicyName struct {
	onRole
	Name string `q:"PolicyName,required"`
}

type userPolicyName struct {
	onUser
	Name string `q:"PolicyName,required"`
}

type rolePolicyOutput struct {
	Role     string `xml:"RoleName"`
	Name     string `xml:"PolicyName"`
	Document string `xml:"PolicyDocument"`
}

func getRolePolicy(c *action.Call, in *rolePolicyName) (*rolePolicyOutput, error) {
	document, err := inlineOf(c, in.onRole, in.Name)
	return &rolePolicyOutput{Role: in.Role, Name: in.Name, Document: encoded(document)}, err
}

type userPolicyOutput struct {
	User     string `xml:"UserName"`
	Name     string `xml:"PolicyName"`
	Document string `xml:"PolicyDocument"`
}

func getUserPolicy(c *action.Call, in *userPolicyName) (*userPolicyOutput, error) {
	document, err := inlineOf(c, in.onUser, in.Name)
	return &userPolicyOutput{User: in.User, Name: in.Name, Document: encoded(document)}, err
}

func inlineOf(c *action.Call, o owner, name string) (string, error) {
	e, err := o.entity(c)
	if err != nil {
		return "", err
	}
	document, known := e.Policies[name]
	if !known {
		return "", noSuch("The %s policy with name %s cannot be found.", o.kind(), name)
	}
	return document, nil
}

func deleteInline(c *action.Call, o owner, name string) (*struct{}, error) {
	if _, err := inlineOf(c, o, name); err != nil {
		return nil, err
	}
	e, err := o.entity(c)
	if err != nil {
		return nil, err
	}
	delete(e.Policies, name)
	return nil, nil //nolint:nilnil // the answer has no result
}

type listOfRole struct {
	onRole
	paged
}

type listOfUser struct {
	onUser
	paged
}

type policyNames struct {
	Names wire.Members[string] `xml:"PolicyNames"`
	page
}

func listInline(c *action.Call, o owner, in paged) (*policyNames, error) {
	e, err := o.entity(c)
	if err != nil {
		return nil, err
	}
	var names []string
	for name := range e.Policies {
		names = append(names, name)
	}
	sort.Strings(names)
	part, p, err := cut(names, in, func(name string) string { return name })
	return &policyNames{Names: part, page: p}, err
}
