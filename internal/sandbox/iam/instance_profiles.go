package iam

import (
	"slices"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "CreateInstanceProfile", createInstanceProfile)
	action.Add(Actions, "GetInstanceProfile", getInstanceProfile)
	action.Add(Actions, "DeleteInstanceProfile", deleteInstanceProfile)
	action.Add(Actions, "AddRoleToInstanceProfile", addRole)
	action.Add(Actions, "RemoveRoleFromInstanceProfile", removeRole)
}

func cutID(id string) (prefix, digits string, found bool) {
	prefix, digits, found = strings.Cut(id, "-")
	return prefix, strings.ToUpper(digits), found
}

type createInstanceProfileInput struct {
	Name string `q:"InstanceProfileName,required"`
	Path string `q:"Path"`
	Tags []tag  `q:"Tags"`
}

type profileOutput struct {
	Profile profileItem `xml:"InstanceProfile"`
}

type profileItem struct {
	Path    string                 `xml:"Path"`
	Name    string                 `xml:"InstanceProfileName"`
	ID      string                 `xml:"InstanceProfileId"`
	ARN     string                 `xml:"Arn"`
	Created wire.Time              `xml:"CreateDate"`
	Roles   wire.Members[roleItem] `xml:"Roles"`
}

func profileView(a *world.Account, p *world.InstanceProfile) *profileOutput {
	item := profileItem{Path: p.Path, Name: p.Name, ID: p.ID, ARN: p.ARN, Created: wire.Time(p.Created)}
	for _, name := range p.Roles {
		if r := a.Roles[name]; r != nil {
			item.Roles = append(item.Roles, roleView(r))
		}
	}
	return &profileOutput{item}
}

func createInstanceProfile(c *action.Call, in *createInstanceProfileInput) (*profileOutput, error) {
	a := c.World.Account(c.Account)
	if a.Profiles[in.Name] != nil {
		return nil, exists("Instance Profile", in.Name)
	}
	path := in.Path
	if path == "" {
		path = "/"
	}
	p := &world.InstanceProfile{
		Name: in.Name, ID: newEntityID(c, "AIPA"), ARN: "arn:aws:iam::" + c.Account + ":instance-profile" + path + in.Name, Path: path,
		Tags: tagMap(in.Tags), Created: c.Now,
	}
	a.Profiles[in.Name] = p
	return profileView(a, p), nil
}

type profileName struct {
	Name string `q:"InstanceProfileName,required"`
}

func getInstanceProfile(c *action.Call, in *profileName) (*profileOutput, error) {
	a := c.World.Account(c.Account)
	p := a.Profiles[in.Name]
	if p == nil {
		return nil, noSuch("instance profile", in.Name)
	}
	return profileView(a, p), nil
}

func deleteInstanceProfile(c *action.Call, in *profileName) (*struct{}, error) {
	a := c.World.Account(c.Account)
	p := a.Profiles[in.Name]
	if p == nil {
		return nil, noSuch("instance profile", in.Name)
	}
	if len(p.Roles) > 0 {
		return nil, conflict("Cannot delete entity, must remove roles from instance profile first.")
	}
	delete(a.Profiles, in.Name)
	return nil, nil //nolint:nilnil // the answer has no result
}

type profileRole struct {
	Profile string `q:"InstanceProfileName,required"`
	Role    string `q:"RoleName,required"`
}

// addRole puts a role into a profile; a profile holds one role at most.
func addRole(c *action.Call, in *profileRole) (*struct{}, error) {
	a := c.World.Account(c.Account)
	p := a.Profiles[in.Profile]
	if p == nil {
		return nil, noSuch("instance profile", in.Profile)
	}
	if a.Roles[in.Role] == nil {
		return nil, noSuch("role", in.Role)
	}
	if len(p.Roles) > 0 {
		return nil, wire.Errorf("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1").WithStatus(409)
	}
	p.Roles = []string{in.Role}
	return nil, nil //nolint:nilnil // the answer has no result
}

func removeRole(c *action.Call, in *profileRole) (*struct{}, error) {
	a := c.World.Account(c.Account)
	p := a.Profiles[in.Profile]
	if p == nil {
		return nil, noSuch("instance profile", in.Profile)
	}
	at := slices.Index(p.Roles, in.Role)
	if at < 0 {
		return nil, noSuch("role", in.Role)
	}
	p.Roles = slices.Delete(p.Roles, at, at+1)
	return nil, nil //nolint:nilnil // the answer has no result
}
