package kms

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "CreateGrant", createGrant)
	action.Add(Actions, "ListGrants", listGrants)
	action.Add(Actions, "RevokeGrant", revokeGrant)
	action.Add(Actions, "RetireGrant", retireGrant)
}

var principalARN = regexp.MustCompile(`^arn:aws[a-z-]*:(iam|sts)::\d{12}:.+$`)

type createGrantInput struct {
	keyInput
	GranteePrincipal  string
	RetiringPrincipal string
	Operations        []string
	Constraints       *struct {
		EncryptionContextSubset, EncryptionContextEquals map[string]string
	}
	GrantTokens []string
	Name        string
	DryRun      bool
}

type grantOutput struct {
	GrantID    string `json:"GrantId"`
	GrantToken string `json:"GrantToken"`
}

// createGrant lets a principal use the key. With a name, the same grant again is
// the same grant.
func createGrant(c *action.Call, in *createGrantInput) (*grantOutput, error) {
	key, err := enabled(c, in.KeyID, "CreateGrant")
	switch {
	case err != nil:
		return nil, err
	case !principalARN.MatchString(in.GranteePrincipal) && in.GranteePrincipal != "":
		return nil, wire.Errorf("InvalidArnException", "ARN does not refer to a valid principal")
	case in.GranteePrincipal == "" || len(in.Operations) == 0:
		return nil, wire.Errorf("ValidationException", "GranteePrincipal and Operations must be given")
	case in.DryRun:
		return nil, errDryRun()
	}
	for _, g := range key.Grants {
		if in.Name != "" && g.Name == in.Name && g.Grantee == in.GranteePrincipal && slices.Equal(g.Operations, in.Operations) {
			return &grantOutput{GrantID: g.ID, GrantToken: g.Token}, nil
		}
	}
	sum := sha256.Sum256([]byte(c.RequestID))
	g := &world.Grant{
		ID: hex.EncodeToString(sum[:]), Token: base64.StdEncoding.EncodeToString(sum[:]), Name: in.Name, Grantee: in.GranteePrincipal,
		Retiring: in.RetiringPrincipal, Operations: in.Operations, Created: c.Now,
	}
	key.Grants = append(key.Grants, g)
	return &grantOutput{GrantID: g.ID, GrantToken: g.Token}, nil
}

func errDryRun() error {
	return wire.Errorf("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
}

type listGrantsInput struct {
	keyInput
	paged
	GrantID          string `json:"GrantId"`
	GranteePrincipal string
}

type listGrantsOutput struct {
	Grants    []grantItem `json:"Grants"`
	Truncated bool        `json:"Truncated"`
	Marker    string      `json:"NextMarker,omitempty"`
}

type grantItem struct {
	KeyID             string   `json:"KeyId"`
	GrantID           string   `json:"GrantId"`
	Name              string   `json:"Name,omitempty"`
	CreationDate      float64  `json:"CreationDate"`
	GranteePrincipal  string   `json:"GranteePrincipal"`
	RetiringPrincipal string   `json:"RetiringPrincipal,omitempty"`
	IssuingAccount    string   `json:"IssuingAccount"`
	Operations        []string `json:"Operations"`
}

func listGrants(c *action.Call, in *listGrantsInput) (*listGrantsOutput, error) {
	key, err := usable(c, in.KeyID, "ListGrants")
	if err != nil {
		return nil, err
	}
	var all []grantItem
	for _, g := range key.Grants {
		if in.GrantID != "" && in.GrantID != g.ID || in.GranteePrincipal != "" && in.GranteePrincipal != g.Grantee {
			continue
		}
		all = append(all, grantItem{
			KeyID: key.ARN, GrantID: g.ID, Name: g.Name, CreationDate: seconds(g.Created), GranteePrincipal: g.Grantee,
			RetiringPrincipal: g.Retiring, IssuingAccount: "arn:aws:iam::" + key.Account + ":root", Operations: g.Operations,
		})
	}
	part, next, err := cut(all, &in.paged)
	return &listGrantsOutput{Grants: part, Truncated: next != "", Marker: next}, err
}

type endGrantInput struct {
	keyInput
	GrantID    string `json:"GrantId"`
	GrantToken string
	DryRun     bool
}

func revokeGrant(c *action.Call, in *endGrantInput) (*none, error) {
	key, err := managed(c, in.KeyID, "RevokeGrant")
	if err != nil {
		return nil, err
	}
	return endGrant(key, in)
}

// retireGrant takes a key with the grant's id, or the grant's token alone.
func retireGrant(c *action.Call, in *endGrantInput) (*none, error) {
	if in.KeyID != "" {
		key, err := usable(c, in.KeyID, "RetireGrant")
		if err != nil {
			return nil, err
		}
		return endGrant(key, in)
	}
	for _, key := range c.World.Keys(c.Region) {
		if in.GrantToken != "" && slices.ContainsFunc(key.Grants, func(g *world.Grant) bool { return g.Token == in.GrantToken }) {
			return endGrant(key, in)
		}
	}
	return nil, wire.Errorf("InvalidGrantTokenException", "The grant token is invalid")
}

func endGrant(key *world.Key, in *endGrantInput) (*none, error) {
	at := slices.IndexFunc(key.Grants, func(g *world.Grant) bool {
		return in.GrantID != "" && g.ID == in.GrantID || in.GrantToken != "" && g.Token == in.GrantToken
	})
	switch {
	case at < 0:
		return nil, wire.Errorf("NotFoundException", "Grant ID %s not found", in.GrantID)
	case in.DryRun:
		return nil, errDryRun()
	}
	key.Grants = slices.Delete(key.Grants, at, at+1)
	return &none{}, nil
}
