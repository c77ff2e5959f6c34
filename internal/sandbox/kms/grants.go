package kms

import (
	"encoding/base64"
	"encoding/hex"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "CreateGrant", createGrant)
	action.Add(Actions, "ListGrants", listGrants)
	action.Add(Actions, "ListRetirableGrants", listRetirableGrants)
	action.Add(Actions, "RevokeGrant", revokeGrant)
	action.Add(Actions, "RetireGrant", retireGrant)
}

var (
	accountRoot = regexp.MustCompile(`^arn:aws:iam::\d{12}:root$`)
	federated   = regexp.MustCompile(`^arn:aws:sts::\d{12}:federated-user/.+$`)
	grantName   = regexp.MustCompile(`^[a-zA-Z0-9:/_-]{1,256}$`)
	// grantOperations are what a grant can let its grantee do (AWS KMS Developer
	// Guide, "Grant operations").
	grantOperations = []string{
		"Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo", "Sign", "Verify",
		"GetPublicKey", "CreateGrant", "RetireGrant", "DescribeKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
		"GenerateMac", "VerifyMac", "DeriveSharedSecret",
	}
)

// tokens are the grant tokens of a call.
type tokens struct {
	GrantTokens []string `simplified:"a grant holds at once, so that its token adds nothing"`
}

// check refuses a token that belongs to no grant.
func (in tokens) check(c *action.Call) error {
	if len(in.GrantTokens) == 0 {
		return nil
	}
	known := map[string]bool{}
	for _, k := range c.World.Keys(c.Region) {
		for _, g := range k.Grants {
			known[g.Token] = true
		}
	}
	for _, t := range in.GrantTokens {
		if !known[t] {
			return errGrantToken()
		}
	}
	return nil
}

func errGrantToken() error {
	return wire.Errorf("InvalidGrantTokenException", "The grant token is invalid") // unverified: text
}

type constraints struct {
	EncryptionContextSubset map[string]string `json:",omitempty"`
	EncryptionContextEquals map[string]string `json:",omitempty"`
}

type createGrantInput struct {
	keyInput
	tokens
	GranteePrincipal  string
	RetiringPrincipal string
	Operations        []string
	Constraints       *constraints
	Name              string
	DryRun            bool
}

type grantOutput struct {
	GrantID    string `json:"GrantId"`
	GrantToken string `json:"GrantToken" simplified:"the same grant has one token, not a new one for each call"`
}

// checkPrincipal refuses a principal that IAM does not know: AWS has any account,
// and the users and roles that were made.
func checkPrincipal(c *action.Call, arn string) error {
	if accountRoot.MatchString(arn) || federated.MatchString(arn) || strings.Contains(arn, ":role/aws-service-role/") || c.World.Entity(arn) != nil {
		return nil
	}
	if _, session, found := strings.Cut(arn, ":assumed-role/"); found && strings.Count(session, "/") > 1 { // a session's ARN has no path
		return wire.Errorf("InvalidArnException", "ARN is not valid: %s", arn)
	}
	return wire.Errorf("InvalidArnException", "ARN does not refer to a valid principal: %s", arn)
}

func (in *createGrantInput) validate(c *action.Call) error {
	switch {
	case in.GranteePrincipal == "":
		return wire.Errorf("ValidationException", "1 validation error detected: Value null at 'granteePrincipal' failed to satisfy constraint: Member must not be null")
	case len(in.Operations) == 0:
		return wire.Errorf("ValidationException", "1 validation error detected: Value null at 'operations' failed to satisfy constraint: Member must not be null")
	case in.Name != "" && !grantName.MatchString(in.Name):
		return wire.Errorf("ValidationException", "1 validation error detected: Value '%s' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$", in.Name)
	}
	for _, o := range in.Operations {
		if err := checkEnum("operations", o, grantOperations); err != nil {
			return err
		}
	}
	if err := checkPrincipal(c, in.GranteePrincipal); err != nil {
		return err
	}
	if in.RetiringPrincipal != "" {
		return checkPrincipal(c, in.RetiringPrincipal)
	}
	return nil
}

func (in *createGrantInput) same(g *world.Grant) bool {
	var want constraints
	if in.Constraints != nil {
		want = *in.Constraints
	}
	return in.Name != "" && g.Name == in.Name && g.Grantee == in.GranteePrincipal && g.Retiring == in.RetiringPrincipal &&
		slices.Equal(slices.Sorted(slices.Values(g.Operations)), slices.Sorted(slices.Values(in.Operations))) &&
		maps.Equal(g.Subset, want.EncryptionContextSubset) && maps.Equal(g.Equals, want.EncryptionContextEquals)
}

// createGrant lets a principal use the key. With a name, the same grant again is
// the same grant.
func createGrant(c *action.Call, in *createGrantInput) (*grantOutput, error) {
	if err := in.check(c); err != nil {
		return nil, err
	}
	key, err := enabled(c, in.KeyID, "CreateGrant", nil)
	if err != nil {
		return nil, err
	}
	if err := in.validate(c); err != nil {
		return nil, err
	}
	if in.DryRun {
		return nil, errDryRun()
	}
	for _, g := range key.Grants {
		if in.same(g) {
			return &grantOutput{GrantID: g.ID, GrantToken: g.Token}, nil
		}
	}
	id, token := make([]byte, 32), make([]byte, 96)
	_, _ = c.World.Read(id)    // it never fails
	_, _ = c.World.Read(token) // it never fails
	g := &world.Grant{
		ID: hex.EncodeToString(id), Token: base64.StdEncoding.EncodeToString(token), Name: in.Name, Grantee: in.GranteePrincipal,
		Retiring: in.RetiringPrincipal, Operations: in.Operations, Created: c.Now,
	}
	if in.Constraints != nil {
		g.Subset, g.Equals = in.Constraints.EncryptionContextSubset, in.Constraints.EncryptionContextEquals
	}
	key.Grants = append(key.Grants, g)
	return &grantOutput{GrantID: g.ID, GrantToken: g.Token}, nil
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
	KeyID             string       `json:"KeyId"`
	GrantID           string       `json:"GrantId"`
	Name              string       `json:"Name"`
	CreationDate      float64      `json:"CreationDate"`
	GranteePrincipal  string       `json:"GranteePrincipal"`
	RetiringPrincipal string       `json:"RetiringPrincipal,omitempty"`
	IssuingAccount    string       `json:"IssuingAccount"`
	Operations        []string     `json:"Operations"`
	Constraints       *constraints `json:"Constraints,omitempty"`
}

func grantView(k *world.Key, g *world.Grant) grantItem {
	item := grantItem{
		KeyID: k.ARN, GrantID: g.ID, Name: g.Name, CreationDate: seconds(g.Created), GranteePrincipal: g.Grantee,
		RetiringPrincipal: g.Retiring, IssuingAccount: "arn:aws:iam::" + k.Account + ":root", Operations: g.Operations,
	}
	if g.Subset != nil || g.Equals != nil {
		item.Constraints = &constraints{EncryptionContextSubset: g.Subset, EncryptionContextEquals: g.Equals}
	}
	return item
}

func pageOfGrants(all []grantItem, in *paged) (*listGrantsOutput, error) {
	sort.Slice(all, func(i, j int) bool { return all[i].GrantID < all[j].GrantID })
	part, next, err := cut(all, in.usually(50), 100, func(g grantItem) string { return g.GrantID })
	return &listGrantsOutput{Grants: part, Truncated: next != "", Marker: next}, err
}

func listGrants(c *action.Call, in *listGrantsInput) (*listGrantsOutput, error) {
	key, err := usable(c, in.KeyID, "ListGrants", nil)
	if err != nil {
		return nil, err
	}
	if in.GranteePrincipal != "" {
		if err := checkPrincipal(c, in.GranteePrincipal); err != nil {
			return nil, err
		}
	}
	var all []grantItem
	for _, g := range key.Grants {
		if (in.GrantID == "" || in.GrantID == g.ID) && (in.GranteePrincipal == "" || in.GranteePrincipal == g.Grantee) {
			all = append(all, grantView(key, g))
		}
	}
	return pageOfGrants(all, &in.paged)
}

type listRetirableGrantsInput struct {
	paged
	RetiringPrincipal string
}

// listRetirableGrants gives the grants of any account's keys that a principal of
// the caller's account may retire.
func listRetirableGrants(c *action.Call, in *listRetirableGrantsInput) (*listGrantsOutput, error) {
	if err := checkPrincipal(c, in.RetiringPrincipal); err != nil {
		return nil, err
	}
	var all []grantItem
	for _, k := range c.World.Keys(c.Region) {
		for _, g := range k.Grants {
			if g.Retiring == in.RetiringPrincipal && strings.Contains(g.Retiring, "::"+c.Account+":") {
				all = append(all, grantView(k, g))
			}
		}
	}
	return pageOfGrants(all, &in.paged)
}
