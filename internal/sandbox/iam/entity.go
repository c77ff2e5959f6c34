package iam

import (
	"strings"
	"unicode"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// owner is a user or a role that a call names.
type owner interface {
	entity(c *action.Call) (*world.Entity, error)
	// kind is role or user.
	kind() string
	name() string
}

// newEntity checks what the calls that make users and roles have in common, and
// gives the path.
func newEntity(c *action.Call, parameter, name string, most int, path, boundary string) (string, error) {
	if err := checkName(parameter, name, most); err != nil {
		return "", err
	}
	if err := checkBoundary(c, boundary); err != nil {
		return "", err
	}
	return checkPath(path)
}

// noPolicies refuses the deletion of an entity that has policies.
func noPolicies(e *world.Entity) error {
	switch {
	case len(e.Attached) > 0:
		return conflict("Cannot delete entity, must detach all policies first.")
	case len(e.Policies) > 0:
		return conflict("Cannot delete entity, must delete policies first.")
	}
	return nil
}

// lengthOf is the length of a policy as IAM counts it: white space is free.
func lengthOf(document string) int {
	return len(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, document))
}

type boundaryItem struct {
	Type string `xml:"PermissionsBoundaryType"`
	ARN  string `xml:"PermissionsBoundaryArn"`
}

func boundaryView(arn string) *boundaryItem {
	if arn == "" {
		return nil
	}
	return &boundaryItem{Type: "Policy", ARN: arn}
}

func checkBoundary(c *action.Call, arn string) error {
	if arn != "" && c.World.ManagedPolicy(c.Account, arn) == nil {
		return noSuch("Scope ARN: %s does not exist or is not attachable.", arn)
	}
	return nil
}

func init() {
	action.Add(Actions, "PutRolePermissionsBoundary", func(c *action.Call, in *roleBoundaryInput) (*struct{}, error) {
		return setBoundary(c, in.onRole, in.ARN)
	})
	action.Add(Actions, "DeleteRolePermissionsBoundary", func(c *action.Call, in *onRole) (*struct{}, error) { return setBoundary(c, in, "") })
	action.Add(Actions, "PutUserPermissionsBoundary", func(c *action.Call, in *userBoundaryInput) (*struct{}, error) {
		return setBoundary(c, in.onUser, in.ARN)
	})
	action.Add(Actions, "DeleteUserPermissionsBoundary", func(c *action.Call, in *onUser) (*struct{}, error) { return setBoundary(c, in, "") })
}

type roleBoundaryInput struct {
	onRole
	ARN string `q:"PermissionsBoundary,required"`
}

type userBoundaryInput struct {
	onUser
	ARN string `q:"PermissionsBoundary,required"`
}

func setBoundary(c *action.Call, o owner, arn string) (*struct{}, error) {
	e, err := o.entity(c)
	if err != nil {
		return nil, err
	}
	if err := checkBoundary(c, arn); err != nil {
		return nil, err
	}
	if arn == "" && e.Boundary == "" {
		return nil, noSuch("No permissions boundary is set on %s %s.", o.kind(), o.name()) // unverified: text
	}
	e.Boundary = arn
	return nil, nil //nolint:nilnil // the answer has no result
}
