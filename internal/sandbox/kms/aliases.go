package kms

import (
	"regexp"
	"sort"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "CreateAlias", createAlias)
	action.Add(Actions, "UpdateAlias", updateAlias)
	action.Add(Actions, "DeleteAlias", deleteAlias)
	action.Add(Actions, "ListAliases", listAliases)
}

type aliasInput struct {
	AliasName   string
	TargetKeyID string `json:"TargetKeyId"`
}

var aliasName = regexp.MustCompile(`^alias/[A-Za-z0-9/_-]{1,250}$`)

// target checks an alias and finds the key that it is to stand for: an own key,
// by id or ARN. Names under alias/aws/ are AWS's.
func (in *aliasInput) target(c *action.Call, operation string) (*world.Key, error) {
	if !aliasName.MatchString(in.AliasName) {
		return nil, wire.Errorf("ValidationException", "1 validation error detected: Value '%s' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^(alias/)[a-zA-Z0-9/_-]+$", in.AliasName)
	}
	if strings.HasPrefix(in.AliasName, "alias/aws/") {
		return nil, wire.Errorf("NotAuthorizedException", "")
	}
	if strings.Contains(in.TargetKeyID, "alias/") {
		return nil, wire.Errorf("ValidationException", "Aliases must refer to keys. Not aliases")
	}
	key, err := managed(c, in.TargetKeyID, operation)
	if err == nil && key.State == world.KeyPendingDeletion {
		err = errPending(key)
	}
	return key, err
}

func aliasARN(c *action.Call, name string) string {
	return "arn:aws:kms:" + c.Region + ":" + c.Account + ":" + name
}

func createAlias(c *action.Call, in *aliasInput) (*none, error) {
	key, err := in.target(c, "CreateAlias")
	if err != nil {
		return nil, err
	}
	if _, taken := c.Mine().Aliases[in.AliasName]; taken {
		return nil, wire.Errorf("AlreadyExistsException", "An alias with the name %s already exists", aliasARN(c, in.AliasName))
	}
	c.Mine().Aliases[in.AliasName] = key.ID
	return &none{}, nil
}

func updateAlias(c *action.Call, in *aliasInput) (*none, error) {
	key, err := in.target(c, "UpdateAlias")
	if err != nil {
		return nil, err
	}
	if _, there := c.Mine().Aliases[in.AliasName]; !there {
		return nil, wire.Errorf("NotFoundException", "Alias %s is not found.", aliasARN(c, in.AliasName))
	}
	c.Mine().Aliases[in.AliasName] = key.ID
	return &none{}, nil
}

func deleteAlias(c *action.Call, in *aliasInput) (*none, error) {
	if strings.HasPrefix(in.AliasName, "alias/aws/") {
		return nil, wire.Errorf("NotAuthorizedException", "")
	}
	if _, there := c.Mine().Aliases[in.AliasName]; !there {
		return nil, wire.Errorf("NotFoundException", "Alias %s is not found.", aliasARN(c, in.AliasName))
	}
	delete(c.Mine().Aliases, in.AliasName)
	return &none{}, nil
}

type listAliasesInput struct {
	keyInput
	paged
}

type listAliasesOutput struct {
	Aliases   []alias `json:"Aliases"`
	Truncated bool    `json:"Truncated"`
	Marker    string  `json:"NextMarker,omitempty"`
}

type alias struct {
	AliasName   string `json:"AliasName"`
	AliasArn    string `json:"AliasArn"`
	TargetKeyID string `json:"TargetKeyId"`
}

func listAliases(c *action.Call, in *listAliasesInput) (*listAliasesOutput, error) {
	only := ""
	if in.KeyID != "" {
		key, err := find(c, in.KeyID)
		if err != nil {
			return nil, err
		}
		only = key.ID
	}
	var all []alias
	for name, id := range c.Mine().Aliases {
		if only == "" || only == id {
			all = append(all, alias{AliasName: name, AliasArn: aliasARN(c, name), TargetKeyID: id})
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].AliasName < all[j].AliasName })
	part, next, err := cut(all, &in.paged)
	return &listAliasesOutput{Aliases: part, Truncated: next != "", Marker: next}, err
}
