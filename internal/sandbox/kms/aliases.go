package kms

import (
	"regexp"
	"sort"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/authorize"
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

// aliasLimit is how many aliases a key has at most (AWS KMS Developer Guide,
// "Resource quotas").
const aliasLimit = 50

// target checks an alias and finds the key that it is to stand for: an own key,
// by id or ARN. Names under alias/aws/ are AWS's.
func (in *aliasInput) target(c *action.Call, operation string) (*world.Key, error) {
	switch {
	case !strings.HasPrefix(in.AliasName, "alias/"):
		return nil, wire.Errorf("ValidationException", "Alias must start with the prefix \"alias/\". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html")
	case !aliasName.MatchString(in.AliasName):
		return nil, wire.Errorf("ValidationException", "1 validation error detected: Value '%s' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^alias/[a-zA-Z0-9/_-]+$", in.AliasName)
	case strings.HasPrefix(in.AliasName, "alias/aws/"):
		return nil, wire.Errorf("NotAuthorizedException", "")
	case strings.Contains(in.TargetKeyID, "alias/"):
		return nil, wire.Errorf("ValidationException", "Aliases must refer to keys. Not aliases")
	}
	return alive(c, in.TargetKeyID, operation)
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
	n := 0
	for _, id := range c.Mine().Aliases {
		if id == key.ID {
			n++
		}
	}
	if n >= aliasLimit {
		return nil, wire.Errorf("LimitExceededException", "The key %s has %d aliases already.", key.ARN, n) // unverified: text
	}
	c.Mine().Aliases[in.AliasName] = key.ID
	return &none{}, nil
}

func updateAlias(c *action.Call, in *aliasInput) (*none, error) {
	key, err := in.target(c, "UpdateAlias")
	if err != nil {
		return nil, err
	}
	before, there := c.Mine().Aliases[in.AliasName]
	if !there {
		return nil, errNoAlias(aliasARN(c, in.AliasName))
	}
	if old := c.Mine().Keys[before]; old != nil && (old.Usage != key.Usage || (old.Spec == symmetric) != (key.Spec == symmetric)) {
		return nil, wire.Errorf("ValidationException", "The alias %s can only be changed to a key of the same type and usage.", in.AliasName) // unverified: text
	}
	c.Mine().Aliases[in.AliasName] = key.ID
	return &none{}, nil
}

type deleteAliasInput struct{ AliasName string }

func deleteAlias(c *action.Call, in *deleteAliasInput) (*none, error) {
	if strings.HasPrefix(in.AliasName, "alias/aws/") {
		return nil, wire.Errorf("NotAuthorizedException", "")
	}
	id, there := c.Mine().Aliases[in.AliasName]
	if !there {
		return nil, errNoAlias(aliasARN(c, in.AliasName))
	}
	if key := c.Mine().Keys[id]; key != nil {
		if refusal := authorize.Key(c, key, "DeleteAlias", nil); refusal != nil {
			return nil, refusal
		}
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
	part, next, err := cut(all, in.usually(50), 100, func(a alias) string { return a.AliasName })
	return &listAliasesOutput{Aliases: part, Truncated: next != "", Marker: next}, err
}
