package authorize

import (
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
)

// entities are the parameters that name an entity of IAM, the kind in its ARN and
// the words with which IAM's texts name it.
var entities = []struct{ parameter, kind, words string }{
	{"UserName", "user", "user"}, {"RoleName", "role", "role"}, {"InstanceProfileName", "instance-profile", "instance profile"},
}

// ofUser are the actions that are about the caller where they name no user.
var ofUser = map[string]bool{
	"GetUser": true, "CreateAccessKey": true, "DeleteAccessKey": true, "UpdateAccessKey": true, "ListAccessKeys": true, "ChangePassword": true,
}

// iamNeeds are the needs of a call of IAM: the entity that it is about (Service
// Authorization Reference, "AWS Identity and Access Management").
func iamNeeds(c *action.Call) []Need {
	n := need("iam:"+c.Action, anything)
	creates := strings.HasPrefix(c.Action, "Create")
	found := false
	for _, e := range entities {
		name := c.Form.Get(e.parameter)
		if name == "" || found && e.kind != "instance-profile" {
			continue
		}
		n.Resource, n.Shown = entityARN(c, e.kind, name), e.words+" "+name
		found = true
		if creates {
			n.Shown = "" // IAM shows the ARN of what it is to make
		}
	}
	if arn := c.Form.Get("PolicyArn"); arn != "" {
		if found {
			n.Context.Set("iam:PolicyARN", arn)
		} else {
			n.Resource, n.Shown, found = arn, "policy "+arn, true
		}
	}
	switch {
	case !found && ofUser[c.Action]:
		n.Resource, n.Shown = c.Principal, unshown
	case c.Action == "CreatePolicy":
		n.Resource = "arn:aws:iam::" + c.Account + ":policy" + path(c) + c.Form.Get("PolicyName")
		n.Shown = "policy " + c.Form.Get("PolicyName")
	case !found && strings.HasPrefix(c.Action, "List"):
		kind := strings.TrimSuffix(strings.ToLower(strings.TrimPrefix(c.Action, "List")), "s")
		if kind == "user" || kind == "role" {
			n.Resource = "arn:aws:iam::" + c.Account + ":" + kind + first(c.Form.Get("PathPrefix"), "/")
		}
	}
	setIAMContext(c, &n)
	if c.Action == "AddRoleToInstanceProfile" {
		return []Need{n, need("iam:PassRole", entityARN(c, "role", c.Form.Get("RoleName")))}
	}
	return []Need{n}
}

func setIAMContext(c *action.Call, n *Need) {
	a := c.World.Account(c.Account)
	n.Context.SetNotEmpty("iam:PermissionsBoundary", c.Form.Get("PermissionsBoundary"))
	if u := a.Users[c.Form.Get("UserName")]; u != nil {
		setTags(n, "iam:", u.Tags)
		n.Context.SetNotEmpty("iam:PermissionsBoundary", u.Boundary)
	}
	if r := a.Roles[c.Form.Get("RoleName")]; r != nil {
		setTags(n, "iam:", r.Tags)
		n.Context.SetNotEmpty("iam:PermissionsBoundary", r.Boundary)
	}
	e := &ec2Call{Call: c, form: c.Form}
	tags := map[string]string{}
	e.readTags("Tags.member", tags)
	e.setRequestTags(n, tags)
}

// entityARN is the ARN of an entity, with the path of one that exists or the path
// of the request.
func entityARN(c *action.Call, kind, name string) string {
	a := c.World.Account(c.Account)
	switch kind {
	case "user":
		if u := a.Users[name]; u != nil {
			return u.ARN
		}
	case "role":
		if r := a.Roles[name]; r != nil {
			return r.ARN
		}
	case "instance-profile":
		if p := a.Profiles[name]; p != nil {
			return p.ARN
		}
	}
	return "arn:aws:iam::" + c.Account + ":" + kind + path(c) + name
}

func path(c *action.Call) string { return first(c.Form.Get("Path"), "/") }
