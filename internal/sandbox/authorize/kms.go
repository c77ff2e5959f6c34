package authorize

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/policy"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// kmsInput are the parameters of KMS that decide about permissions.
type kmsInput struct {
	KeyID             string `json:"KeyId"`
	TargetKeyID       string `json:"TargetKeyId"`
	AliasName         string
	DestinationKeyID  string `json:"DestinationKeyId"`
	GranteePrincipal  string
	RetiringPrincipal string
	Operations        []string
	Constraints       *struct {
		EncryptionContextSubset, EncryptionContextEquals map[string]string
	}
	KeySpec, KeyUsage              string
	MultiRegion                    bool
	BypassPolicyLockoutSafetyCheck bool
	Tags                           []struct{ TagKey, TagValue string }
	TagKeys                        []string
}

// kmsNeeds are the needs of a call of KMS that do not depend on a key (Service
// Authorization Reference, "AWS Key Management Service"). What a key's policy and
// grants decide is asked with the key at hand, by [Key].
func kmsNeeds(c *action.Call) []Need {
	in := kmsInputOf(c)
	switch c.Action {
	case "CreateKey", "ListKeys", "ListAliases", "ListRetirableGrants":
		n := need("kms:"+c.Action, anything)
		n.Context.Set("kms:CallerAccount", c.Account)
		if c.Action == "CreateKey" {
			n.Context.Set("kms:KeySpec", first(in.KeySpec, "SYMMETRIC_DEFAULT"))
			n.Context.Set("kms:KeyUsage", first(in.KeyUsage, "ENCRYPT_DECRYPT"))
			n.Context.Set("kms:MultiRegion", strconv.FormatBool(in.MultiRegion))
			n.Context.Set("kms:BypassPolicyLockoutSafetyCheck", strconv.FormatBool(in.BypassPolicyLockoutSafetyCheck))
		}
		in.setTags(&n)
		return []Need{n}
	case "CreateAlias", "UpdateAlias", "DeleteAlias":
		n := need("kms:"+c.Action, "arn:aws:kms:"+c.Region+":"+c.Account+":"+in.AliasName)
		n.Context.Set("kms:CallerAccount", c.Account)
		return []Need{n}
	}
	return nil
}

func kmsInputOf(c *action.Call) *kmsInput {
	in := &kmsInput{}
	_ = json.Unmarshal(c.Body, in) // the action refuses what is no JSON
	return in
}

func (in *kmsInput) setTags(n *Need) {
	keys := slices.Clone(in.TagKeys)
	for _, t := range in.Tags {
		keys = append(keys, t.TagKey)
		n.Context.Set("aws:RequestTag/"+t.TagKey, t.TagValue)
	}
	n.Context.Set("aws:TagKeys", keys...)
}

// Key is the refusal of a caller who may not do an operation of KMS with a key, by
// its own policies, the key's policy and its grants, or nil. encryption is the
// encryption context, if the operation has one. Call it inside [world.World.Do].
func Key(c *action.Call, key *world.Key, operation string, encryption map[string]string) *wire.Error {
	in := kmsInputOf(c)
	n := onKey(c, key, "kms:"+operation, encryption)
	for _, ref := range []string{in.KeyID, in.TargetKeyID, in.DestinationKeyID} {
		if _, name, found := strings.Cut(ref, "alias/"); found {
			n.Context.Set("kms:RequestAlias", "alias/"+name)
		}
	}
	if c.Service == "ssm" { // it uses the key for the caller
		n.Context.Set("kms:ViaService", "ssm."+c.Region+".amazonaws.com")
		n.Context.Set("aws:ViaAWSService", "true")
	}
	in.setTags(&n)
	switch operation {
	case "CreateGrant":
		n.Context.Set("kms:GrantOperations", in.Operations...)
		n.Context.Set("kms:GrantIsForAWSResource", "false")
		n.Context.SetNotEmpty("kms:GranteePrincipal", in.GranteePrincipal)
		n.Context.SetNotEmpty("kms:RetiringPrincipal", in.RetiringPrincipal)
		if in.Constraints != nil && in.Constraints.EncryptionContextEquals != nil {
			n.Context.Set("kms:GrantConstraintType", "EncryptionContextEquals")
		} else if in.Constraints != nil {
			n.Context.Set("kms:GrantConstraintType", "EncryptionContextSubset")
		}
	case "PutKeyPolicy":
		n.Context.Set("kms:BypassPolicyLockoutSafetyCheck", strconv.FormatBool(in.BypassPolicyLockoutSafetyCheck))
	}
	return Require(c, n)
}

// RetireGrant is the refusal of a caller who may not retire a grant, or nil: its
// retiring principal may, its grantee if it has RetireGrant, and whom the key's
// policy lets (AWS KMS Developer Guide, "Retiring and revoking grants").
func RetireGrant(c *action.Call, key *world.Key, g *world.Grant) *wire.Error {
	who := callerOf(c)
	if who.is(g.Retiring) || who.is(g.Grantee) && slices.Contains(g.Operations, "RetireGrant") {
		return nil
	}
	return Key(c, key, "RetireGrant", nil)
}

func (who caller) is(principal string) bool { return isPrincipal(who.Principal, principal) }

func isPrincipal(p policy.Principal, name string) bool {
	return name != "" && (name == p.ARN || name == p.Role || name == "arn:aws:iam::"+p.Account+":root")
}

// onKey is the need of an operation on a key, with the keys that come with it.
func onKey(c *action.Call, key *world.Key, operation string, encryption map[string]string) Need {
	n := Need{Action: operation, Resource: key.ARN, Owner: key.Account, key: key, encryption: encryption}
	n.Context.Set("kms:CallerAccount", c.Account)
	n.Context.Set("kms:KeyOrigin", "AWS_KMS")
	n.Context.Set("kms:KeySpec", key.Spec)
	n.Context.Set("kms:KeyUsage", key.Usage)
	n.Context.Set("kms:MultiRegion", strconv.FormatBool(key.MultiRegion))
	var aliases []string
	r := c.World.Region(key.Account, key.Region)
	for _, name := range sortedKeys(r.Aliases) {
		if r.Aliases[name] == key.ID {
			aliases = append(aliases, name)
		}
	}
	n.Context.Set("kms:ResourceAliases", aliases...)
	keys := sortedKeys(encryption)
	n.Context.Set("kms:EncryptionContextKeys", keys...)
	for _, name := range keys {
		n.Context.Set("kms:EncryptionContext:"+name, encryption[name])
	}
	for _, name := range sortedKeys(key.Tags) {
		n.Context.Set("aws:ResourceTag/"+name, key.Tags[name])
	}
	return n
}

// granted tells whether a grant of the key lets the caller do what is needed. A
// grant to an account's root is one to all of the account.
func granted(key *world.Key, who policy.Principal, n Need) bool {
	operation := strings.TrimPrefix(n.Action, "kms:")
	return slices.ContainsFunc(key.Grants, func(g *world.Grant) bool {
		return isPrincipal(who, g.Grantee) && slices.Contains(g.Operations, operation) && g.Holds(n.encryption)
	})
}
