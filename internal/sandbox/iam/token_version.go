package iam

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { action.Add(Actions, "SetSecurityTokenServicePreferences", setTokenVersion) }

type tokenVersionInput struct {
	Version string `q:"GlobalEndpointTokenVersion,required"`
}

// setTokenVersion says which tokens STS's global endpoint gives to the account:
// those of version 1 are refused in opt-in Regions.
func setTokenVersion(c *action.Call, in *tokenVersionInput) (*struct{}, error) {
	if in.Version != world.TokenVersion1 && in.Version != world.TokenVersion2 {
		return nil, invalid("1 validation error detected: Value '%s' at 'globalEndpointTokenVersion' failed to satisfy constraint: Member must satisfy enum value set: [v1Token, v2Token]", in.Version)
	}
	c.World.Account(c.Account).GlobalTokenVersion = in.Version
	return nil, nil //nolint:nilnil // the answer has no result
}
