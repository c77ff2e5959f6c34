package kms

import (
	"slices"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/authorize"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

type revokeGrantInput struct {
	keyInput
	GrantID string `json:"GrantId"`
	DryRun  bool
}

func revokeGrant(c *action.Call, in *revokeGrantInput) (*none, error) {
	key, err := managed(c, in.KeyID, "RevokeGrant")
	if err != nil {
		return nil, err
	}
	return endGrant(key, in.GrantID, "", in.DryRun)
}

type retireGrantInput struct {
	revokeGrantInput
	GrantToken string
}

// retireGrant takes a key with the grant's id, or the grant's token alone.
func retireGrant(c *action.Call, in *retireGrantInput) (*none, error) {
	if in.GrantToken == "" {
		if in.KeyID == "" || in.GrantID == "" {
			return nil, wire.Errorf("ValidationException", "Either a grant token, or a key ARN and a grant ID must be given.") // unverified: text
		}
		key, err := find(c, in.KeyID)
		if err != nil {
			return nil, err
		}
		at := slices.IndexFunc(key.Grants, func(g *world.Grant) bool { return g.ID == in.GrantID })
		if at >= 0 {
			if refusal := authorize.RetireGrant(c, key, key.Grants[at]); refusal != nil {
				return nil, refusal
			}
		}
		return endGrant(key, in.GrantID, "", in.DryRun)
	}
	for _, key := range c.World.Keys(c.Region) {
		at := slices.IndexFunc(key.Grants, func(g *world.Grant) bool { return g.Token == in.GrantToken })
		if at < 0 {
			continue
		}
		if refusal := authorize.RetireGrant(c, key, key.Grants[at]); refusal != nil {
			return nil, refusal
		}
		return endGrant(key, "", in.GrantToken, in.DryRun)
	}
	return nil, errGrantToken()
}

func endGrant(key *world.Key, id, token string, dry bool) (*none, error) {
	at := slices.IndexFunc(key.Grants, func(g *world.Grant) bool {
		return id != "" && g.ID == id || token != "" && g.Token == token
	})
	switch {
	case at < 0:
		return nil, wire.Errorf("NotFoundException", "Grant ID %s not found", id)
	case dry:
		return nil, errDryRun()
	}
	key.Grants = slices.Delete(key.Grants, at, at+1)
	return &none{}, nil
}
