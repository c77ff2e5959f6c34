package iam

import (
	"net/http"
	"net/url"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "CreateRole", createRole)
	action.Add(Actions, "GetRole", getRole)
	action.Add(Actions, "DeleteRole", deleteRole)
	action.Add(Actions, "PutRolePolicy", putRolePolicy)
	action.Add(Actions, "GetRolePolicy", getRolePolicy)
	action.Add(Actions, "DeleteRolePolicy", deleteRolePolicy)
}

type tag struct {
	Key   string `q:"Key" xml:"Key"`
	Value string `q:"Value" xml:"Value"`
}

func tagMap(tags []tag) map[string]string {
	m := map[string]string{}
	for _, t := range tags {
		m[t.Key] = t.Value
	}
	return m
}

type createRoleInput struct {
	Name        string `q:"RoleName,required"`
	Path        string `q:"Path"`
	Trust       string `q:"AssumeRolePolicyDocument,required"`
	Description string `q:"Description"`
	Duration    int64  `q:"MaxSessionDuration"`
	Tags        []tag  `q:"Tags"`
}

type roleOutput struct {
	Role roleItem `xml:"Role"`
}

type roleItem struct {
	Path    string    `xml:"Path"`
	Name    string    `xml:"RoleName"`
	ID      string    `xml:"RoleId"`
	ARN     string    `xml:"Arn"`
	Created wire.Time `xml:"CreateDate"`
	Trust   string    `xml:"AssumeRolePolicyDocument"`
}

func roleView(r *world.Role) roleItem {
	return roleItem{Path: r.Path, Name: r.Name, ID: r.ID, ARN: r.ARN, Created: wire.Time(r.Created), Trust: url.QueryEscape(r.TrustPolicy)}
}

func noSuch(kind, name string) *wire.Error {
	return wire.Errorf("NoSuchEntity", "The %s with name %s cannot be found.", kind, name).WithStatus(http.StatusNotFound)
}

func exists(kind, name string) *wire.Error {
	return wire.Errorf("EntityAlreadyExists", "%s with name %s already exists.", kind, name).WithStatus(http.StatusConflict)
}

func createRole(c *action.Call, in *createRoleInput) (*roleOutput, error) {
	a := c.World.Account(c.Account)
	if a.Roles[in.Name] != nil {
		return nil, exists("Role", in.Name)
	}
	path := in.Path
	if path == "" {
		path = "/"
	}
	r := &world.Role{
		Name: in.Name, ID: newEntityID(c, "AROA"), ARN: "arn:aws:iam::" + c.Account + ":role" + path + in.Name, Path: path,
		TrustPolicy: in.Trust, Description: in.Description, Policies: map[string]string{}, Tags: tagMap(in.Tags), Created: c.Now,
	}
	a.Roles[in.Name] = r
	return &roleOutput{roleView(r)}, nil
}

type roleName struct {
	Name string `q:"RoleName,required"`
}

func getRole(c *action.Call, in *roleName) (*roleOutput, error) {
	r := c.World.Account(c.Account).Roles[in.Name]
	if r == nil {
		return nil, noSuch("role", in.Name)
	}
	return &roleOutput{roleView(r)}, nil
}

// deleteRole refuses while the role has policies or is in an instance profile.
func deleteRole(c *action.Call, in *roleName) (*struct{}, error) {
	a := c.World.Account(c.Account)
	r := a.Roles[in.Name]
	if r == nil {
		return nil, noSuch("role", in.Name)
	}
	if len(r.Policies) > 0 {
		return nil, conflict("Cannot delete entity, must delete policies first.")
	}
	for _, p := range a.Profiles {
		for _, name := range p.Roles {
			if name == in.Name {
				return nil, conflict("Cannot delete entity, must remove roles from instance profile first.")
			}
		}
	}
	delete(a.Roles, in.Name)
	return nil, nil //nolint:nilnil // the answer has no result
}

func conflict(message string) *wire.Error {
	return wire.Errorf("DeleteConflict", "%s", message).WithStatus(http.StatusConflict)
}

type rolePolicyInput struct {
	Role     string `q:"RoleName,required"`
	Name     string `q:"PolicyName,required"`
	Document string `q:"PolicyDocument,required"`
}

func putRolePolicy(c *action.Call, in *rolePolicyInput) (*struct{}, error) {
	r := c.World.Account(c.Account).Roles[in.Role]
	if r == nil {
		return nil, noSuch("role", in.Role)
	}
	r.Policies[in.Name] = in.Document
	return nil, nil //nolint:nilnil // the answer has no result
}

type rolePolicyName struct {
	Role string `q:"RoleName,required"`
	Name string `q:"PolicyName,required"`
}

type rolePolicyOutput struct {
	Role     string `xml:"RoleName"`
	Name     string `xml:"PolicyName"`
	Document string `xml:"PolicyDocument"`
}

func getRolePolicy(c *action.Call, in *rolePolicyName) (*rolePolicyOutput, error) {
	r := c.World.Account(c.Account).Roles[in.Role]
	if r == nil {
		return nil, noSuch("role", in.Role)
	}
	document, known := r.Policies[in.Name]
	if !known {
		return nil, noSuch("role policy", in.Name)
	}
	return &rolePolicyOutput{Role: in.Role, Name: in.Name, Document: url.QueryEscape(document)}, nil
}

func deleteRolePolicy(c *action.Call, in *rolePolicyName) (*struct{}, error) {
	r := c.World.Account(c.Account).Roles[in.Role]
	if r == nil {
		return nil, noSuch("role", in.Role)
	}
	if _, known := r.Policies[in.Name]; !known {
		return nil, noSuch("role policy", in.Name)
	}
	delete(r.Policies, in.Name)
	return nil, nil //nolint:nilnil // the answer has no result
}

// newEntityID makes an id as IAM does: a prefix of four letters that tells the
// kind, and 17 characters.
func newEntityID(c *action.Call, prefix string) string {
	_, digits, _ := cutID(c.World.NewID("x"))
	return prefix + digits
}
