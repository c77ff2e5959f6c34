package iam

import (
	"sort"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "CreateUser", createUser)
	action.Add(Actions, "GetUser", getUser)
	action.Add(Actions, "ListUsers", listUsers)
	action.Add(Actions, "DeleteUser", deleteUser)
}

// onUser names the user of a call.
type onUser struct {
	User string `q:"UserName,required"`
}

func (in onUser) user(c *action.Call) (*world.User, error) {
	u := c.World.Account(c.Account).Users[in.User]
	if u == nil {
		return nil, noSuch("The user with name %s cannot be found.", in.User)
	}
	return u, nil
}

func (in onUser) entity(c *action.Call) (*world.Entity, error) {
	u, err := in.user(c)
	if err != nil {
		return nil, err
	}
	return &u.Entity, nil
}

func (in onUser) kind() string { return "user" }
func (in onUser) name() string { return in.User }

// orCaller is a user by name, or the caller where none is named.
type orCaller struct {
	User string `q:"UserName"`
}

func (in orCaller) user(c *action.Call) (*world.User, error) {
	name := in.User
	if name == "" {
		e := c.World.Entity(c.Principal)
		if e == nil || !strings.Contains(c.Principal, ":user/") {
			return nil, invalid("Must specify userName when calling with non-User credentials")
		}
		name = e.Name
	}
	return onUser{name}.user(c)
}

type createUserInput struct {
	onUser
	Path     string `q:"Path"`
	Boundary string `q:"PermissionsBoundary"`
	Tags     []tag  `q:"Tags"`
}

type userOutput struct {
	User userItem `xml:"User"`
}

type userItem struct {
	Path     string            `xml:"Path"`
	Name     string            `xml:"UserName"`
	ID       string            `xml:"UserId"`
	ARN      string            `xml:"Arn"`
	Created  wire.DateTime     `xml:"CreateDate"`
	Boundary *boundaryItem     `xml:"PermissionsBoundary"`
	Tags     wire.Members[tag] `xml:"Tags,omitempty"`
}

// userView is a user as lists show it: without its boundary and tags.
func userView(u *world.User) userItem {
	return userItem{Path: u.Path, Name: u.Name, ID: u.ID, ARN: u.ARN, Created: wire.DateTime(u.Created)}
}

func wholeUser(u *world.User) *userOutput {
	item := userView(u)
	item.Boundary, item.Tags = boundaryView(u.Boundary), tagItems(u.Tags)
	return &userOutput{item}
}

func createUser(c *action.Call, in *createUserInput) (*userOutput, error) {
	a := c.World.Account(c.Account)
	path, err := newEntity(c, "userName", in.User, 64, in.Path, in.Boundary)
	if err != nil {
		return nil, err
	}
	for _, u := range a.Users { // unique whatever the case
		if strings.EqualFold(u.Name, in.User) {
			return nil, exists("User with name %s already exists.", in.User)
		}
	}
	tags, err := checkTags(in.Tags)
	if err != nil {
		return nil, err
	}
	u := &world.User{Entity: world.Entity{
		Name: in.User, ID: c.World.NewEntityID("AIDA"), ARN: "arn:aws:iam::" + c.Account + ":user" + path + in.User, Path: path,
		Policies: map[string]string{}, Boundary: in.Boundary, Tags: tags, Created: c.Now,
	}}
	a.Users[in.User] = u
	return wholeUser(u), nil
}

func getUser(c *action.Call, in *orCaller) (*userOutput, error) {
	u, err := in.user(c)
	if err != nil {
		return nil, err
	}
	return wholeUser(u), nil
}

type listUsersOutput struct {
	Users wire.Members[userItem] `xml:"Users"`
	page
}

func listUsers(c *action.Call, in *byPath) (*listUsersOutput, error) {
	var all []userItem
	for _, u := range c.World.Account(c.Account).Users {
		if strings.HasPrefix(u.Path, in.Path) {
			all = append(all, userView(u))
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	part, p, err := cut(all, in.paged, func(u userItem) string { return u.Name })
	return &listUsersOutput{Users: part, page: p}, err
}

// deleteUser refuses while the user has policies or access keys.
func deleteUser(c *action.Call, in *onUser) (*struct{}, error) {
	u, err := in.user(c)
	if err != nil {
		return nil, err
	}
	if err := noPolicies(&u.Entity); err != nil {
		return nil, err
	}
	a := c.World.Account(c.Account)
	if len(keysOf(a, in.User)) > 0 {
		return nil, conflict("Cannot delete entity, must delete access keys first.")
	}
	delete(a.Users, in.User)
	return nil, nil //nolint:nilnil // the answer has no result
}
