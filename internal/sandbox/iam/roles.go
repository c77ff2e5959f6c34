package iam

import (
	"net/url"
	"sort"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "CreateRole", createRole)
	action.Add(Actions, "GetRole", getRole)
	action.Add(Actions, "ListRoles", listRoles)
	action.Add(Actions, "UpdateRole", updateRole)
	action.Add(Actions, "UpdateAssumeRolePolicy", updateTrust)
	action.Add(Actions, "DeleteRole", deleteRole)
}

// onRole names the role of a call.
type onRole struct {
	Role string `q:"RoleName,required"`
}

func (in onRole) role(c *action.Call) (*world.Role, error) {
	r := c.World.Account(c.Account).Roles[in.Role]
	if r == nil {
		return nil, noSuch("The role with name %s cannot be found.", in.Role)
	}
	return r, nil
}

func (in onRole) entity(c *action.Call) (*world.Entity, error) {
	r, err := in.role(c)
	if err != nil {
		return nil, err
	}
	return &r.Entity, nil
}

func (in onRole) kind() string { return "role" }
func (in onRole) name() string { return in.Role }

type createRoleInput struct {
	onRole
	Path        string `q:"Path"`
	Trust       string `q:"AssumeRolePolicyDocument,required"`
	Description string `q:"Description"`
	Duration    *int64 `q:"MaxSessionDuration"`
	Boundary    string `q:"PermissionsBoundary"`
	Tags        []tag  `q:"Tags"`
}

type roleOutput struct {
	Role roleItem `xml:"Role"`
}

type roleItem struct {
	Path        string            `xml:"Path"`
	Name        string            `xml:"RoleName"`
	ID          string            `xml:"RoleId"`
	ARN         string            `xml:"Arn"`
	Created     wire.DateTime     `xml:"CreateDate"`
	Trust       string            `xml:"AssumeRolePolicyDocument"`
	Description string            `xml:"Description,omitempty"`
	Duration    int64             `xml:"MaxSessionDuration"`
	Boundary    *boundaryItem     `xml:"PermissionsBoundary"`
	Tags        wire.Members[tag] `xml:"Tags,omitempty"`
	LastUsed    *lastUsedItem     `xml:"RoleLastUsed"`
}

type lastUsedItem struct {
	Date   *wire.DateTime `xml:"LastUsedDate"`
	Region string         `xml:"Region,omitempty"`
}

// encoded is a policy as IAM's answers give it: encoded as in RFC 3986.
func encoded(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}

// roleView is a role as lists show it: without its boundary, tags and last use.
func roleView(r *world.Role) roleItem {
	return roleItem{
		Path: r.Path, Name: r.Name, ID: r.ID, ARN: r.ARN, Created: wire.DateTime(r.Created), Trust: encoded(r.TrustPolicy),
		Description: r.Description, Duration: r.MaxSessionSeconds(),
	}
}

func wholeRole(r *world.Role) *roleOutput {
	item := roleView(r)
	item.Boundary, item.Tags, item.LastUsed = boundaryView(r.Boundary), tagItems(r.Tags), &lastUsedItem{Region: r.LastUsedRegion}
	if !r.LastUsed.IsZero() {
		at := wire.DateTime(r.LastUsed)
		item.LastUsed.Date = &at
	}
	return &roleOutput{item}
}

func checkDuration(d *int64) error {
	if d != nil && (*d < 3600 || *d > 43200) {
		return invalid("1 validation error detected: Value '%d' at 'maxSessionDuration' failed to satisfy constraint: Member must have value between 3600 and 43200", *d) // unverified: text
	}
	return nil
}

// trustLimit is the length that a trust policy may have.
const trustLimit = 2048

func checkTrust(c *action.Call, text string) error {
	if err := checkTrustPolicy(c.World, text); err != nil {
		return err
	}
	if lengthOf(text) > trustLimit {
		return limit("Cannot exceed quota for ACLSizePerRole: %d", trustLimit)
	}
	return nil
}

func createRole(c *action.Call, in *createRoleInput) (*roleOutput, error) {
	a := c.World.Account(c.Account)
	path, err := newEntity(c, "roleName", in.Role, 64, in.Path, in.Boundary)
	if err != nil {
		return nil, err
	}
	for _, r := range a.Roles { // unique whatever the case
		if strings.EqualFold(r.Name, in.Role) {
			return nil, exists("Role with name %s already exists.", in.Role)
		}
	}
	tags, err := checkTags(in.Tags)
	if err != nil {
		return nil, err
	}
	if err := checkDuration(in.Duration); err != nil {
		return nil, err
	}
	if err := checkTrust(c, in.Trust); err != nil {
		return nil, err
	}
	r := &world.Role{Entity: world.Entity{
		Name: in.Role, ID: c.World.NewEntityID("AROA"), ARN: "arn:aws:iam::" + c.Account + ":role" + path + in.Role, Path: path,
		Policies: map[string]string{}, Boundary: in.Boundary, Tags: tags, Created: c.Now,
	}, TrustPolicy: in.Trust, Description: in.Description}
	if in.Duration != nil {
		r.MaxSession = *in.Duration
	}
	a.Roles[in.Role] = r
	out := wholeRole(r)
	out.Role.LastUsed = nil
	return out, nil
}

func getRole(c *action.Call, in *onRole) (*roleOutput, error) {
	r, err := in.role(c)
	if err != nil {
		return nil, err
	}
	return wholeRole(r), nil
}

type byPath struct {
	paged
	Path string `q:"PathPrefix"`
}

type listRolesOutput struct {
	Roles wire.Members[roleItem] `xml:"Roles"`
	page
}

func listRoles(c *action.Call, in *byPath) (*listRolesOutput, error) {
	var all []roleItem
	for _, r := range c.World.Account(c.Account).Roles {
		if strings.HasPrefix(r.Path, in.Path) {
			all = append(all, roleView(r))
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	part, p, err := cut(all, in.paged, func(r roleItem) string { return r.Name })
	return &listRolesOutput{Roles: part, page: p}, err
}

type updateRoleInput struct {
	onRole
	Description *string `q:"Description"`
	Duration    *int64  `q:"MaxSessionDuration"`
}

func updateRole(c *action.Call, in *updateRoleInput) (*struct{}, error) {
	r, err := in.role(c)
	if err != nil {
		return nil, err
	}
	if err := checkDuration(in.Duration); err != nil {
		return nil, err
	}
	if in.Description != nil {
		r.Description = *in.Description
	}
	if in.Duration != nil {
		r.MaxSession = *in.Duration
	}
	return &struct{}{}, nil
}

type updateTrustInput struct {
	onRole
	Document string `q:"PolicyDocument,required"`
}

func updateTrust(c *action.Call, in *updateTrustInput) (*struct{}, error) {
	r, err := in.role(c)
	if err != nil {
		return nil, err
	}
	if err := checkTrust(c, in.Document); err != nil {
		return nil, err
	}
	r.TrustPolicy = in.Document
	return nil, nil //nolint:nilnil // the answer has no result
}

// deleteRole refuses while the role has policies or is in an instance profile.
func deleteRole(c *action.Call, in *onRole) (*struct{}, error) {
	a := c.World.Account(c.Account)
	r, err := in.role(c)
	if err != nil {
		return nil, err
	}
	for _, p := range a.Profiles {
		for _, name := range p.Roles {
			if name == in.Role {
				return nil, conflict("Cannot delete entity, must remove roles from instance profile first.")
			}
		}
	}
	if err := noPolicies(&r.Entity); err != nil {
		return nil, err
	}
	delete(a.Roles, in.Role)
	return nil, nil //nolint:nilnil // the answer has no result
}
