package iam

import (
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "CreateInstanceProfile", createInstanceProfile)
	action.Add(Actions, "GetInstanceProfile", getInstanceProfile)
	action.Add(Actions, "ListInstanceProfiles", listInstanceProfiles)
	action.Add(Actions, "ListInstanceProfilesForRole", listInstanceProfilesForRole)
	action.Add(Actions, "DeleteInstanceProfile", deleteInstanceProfile)
	action.Add(Actions, "AddRoleToInstanceProfile", addRole)
	action.Add(Actions, "RemoveRoleFromInstanceProfile", removeRole)
}

type onProfile struct {
	Name string `q:"InstanceProfileName,required"`
}

func (in onProfile) profile(c *action.Call) (*world.InstanceProfile, error) {
	p := c.World.Account(c.Account).Profiles[in.Name]
	if p == nil {
		return nil, noSuch("Instance Profile %s cannot be found.", in.Name)
	}
	return p, nil
}

type createInstanceProfileInput struct {
	onProfile
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
	Created wire.DateTime          `xml:"CreateDate"`
	Roles   wire.Members[roleItem] `xml:"Roles"`
	Tags    wire.Members[tag]      `xml:"Tags,omitempty"`
}

// profileView is an instance profile as lists show it: without tags.
func profileView(a *world.Account, p *world.InstanceProfile) profileItem {
	item := profileItem{Path: p.Path, Name: p.Name, ID: p.ID, ARN: p.ARN, Created: wire.DateTime(p.Created)}
	for _, name := range p.Roles {
		if r := a.Roles[name]; r != nil {
			item.Roles = append(item.Roles, roleView(r))
		}
	}
	return item
}

func wholeProfile(a *world.Account, p *world.InstanceProfile) *profileOutput {
	item := profileView(a, p)
	item.Tags = tagItems(p.Tags)
	return &profileOutput{item}
}

func createInstanceProfile(c *action.Call, in *createInstanceProfileInput) (*profileOutput, error) {
	a := c.World.Account(c.Account)
	if err := checkName("instanceProfileName", in.Name, 128); err != nil {
		return nil, err
	}
	path, err := checkPath(in.Path)
	if err != nil {
		return nil, err
	}
	for _, p := range a.Profiles { // unique whatever the case
		if strings.EqualFold(p.Name, in.Name) {
			return nil, exists("Instance Profile %s already exists.", in.Name)
		}
	}
	tags, err := checkTags(in.Tags)
	if err != nil {
		return nil, err
	}
	p := &world.InstanceProfile{
		Name: in.Name, ID: c.World.NewEntityID("AIPA"), ARN: "arn:aws:iam::" + c.Account + ":instance-profile" + path + in.Name, Path: path,
		Tags: tags, Created: c.Now,
	}
	a.Profiles[in.Name] = p
	return wholeProfile(a, p), nil
}

func getInstanceProfile(c *action.Call, in *onProfile) (*profileOutput, error) {
	p, err := in.profile(c)
	if err != nil {
		return nil, err
	}
	return wholeProfile(c.World.Account(c.Account), p), nil
}

type listProfilesOutput struct {
	Profiles wire.Members[profileItem] `xml:"InstanceProfiles"`
	page
}

func listInstanceProfiles(c *action.Call, in *byPath) (*listProfilesOutput, error) {
	return profiles(c, in.paged, func(p *world.InstanceProfile) bool { return strings.HasPrefix(p.Path, in.Path) })
}

func listInstanceProfilesForRole(c *action.Call, in *listOfRole) (*listProfilesOutput, error) {
	if _, err := in.role(c); err != nil {
		return nil, err
	}
	return profiles(c, in.paged, func(p *world.InstanceProfile) bool { return slices.Contains(p.Roles, in.Role) })
}

func profiles(c *action.Call, in paged, keep func(*world.InstanceProfile) bool) (*listProfilesOutput, error) {
	a := c.World.Account(c.Account)
	var all []profileItem
	for _, p := range a.Profiles {
		if keep(p) {
			all = append(all, profileView(a, p))
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	part, p, err := cut(all, in, func(i profileItem) string { return i.Name })
	return &listProfilesOutput{Profiles: part, page: p}, err
}

func deleteInstanceProfile(c *action.Call, in *onProfile) (*struct{}, error) {
	p, err := in.profile(c)
	if err != nil {
		return nil, err
	}
	if len(p.Roles) > 0 {
		return nil, conflict("Cannot delete entity, must remove roles from instance profile first.")
	}
	delete(c.World.Account(c.Account).Profiles, in.Name)
	return nil, nil //nolint:nilnil // the answer has no result
}

type profileRole struct {
	onProfile
	onRole
}

// addRole puts a role into a profile; a profile holds one role at most.
func addRole(c *action.Call, in *profileRole) (*struct{}, error) {
	p, err := in.profile(c)
	if err != nil {
		return nil, err
	}
	if _, err := in.role(c); err != nil {
		return nil, err
	}
	if len(p.Roles) > 0 {
		return nil, limit("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
	}
	p.Roles, p.RoleAdded = []string{in.Role}, c.Now
	return nil, nil //nolint:nilnil // the answer has no result
}

func removeRole(c *action.Call, in *profileRole) (*struct{}, error) {
	p, err := in.profile(c)
	if err != nil {
		return nil, err
	}
	if _, err := in.role(c); err != nil {
		return nil, err
	}
	at := slices.Index(p.Roles, in.Role)
	if at < 0 {
		return nil, noSuch("The role with name %s cannot be found.", in.Role)
	}
	p.Roles, p.RoleAdded = slices.Delete(p.Roles, at, at+1), time.Time{}
	return nil, nil //nolint:nilnil // the answer has no result
}
