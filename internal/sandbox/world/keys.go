package world

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// The states of a [Key], in KMS's words.
const (
	KeyEnabled         = "Enabled"
	KeyDisabled        = "Disabled"
	KeyPendingDeletion = "PendingDeletion"
	// KeyPendingReplicaDeletion is a multi-Region primary that waits for its
	// replicas to be deleted.
	KeyPendingReplicaDeletion = "PendingReplicaDeletion"
)

// The managers of a [Key].
const (
	ManagedByCustomer = "CUSTOMER"
	ManagedByAWS      = "AWS"
)

// EBSAlias is the alias of the AWS-managed key with which EBS encrypts when no
// key is named.
const EBSAlias = "alias/aws/ebs"

// Key is a KMS key.
type Key struct {
	ID, ARN, Account, Region, Description, Policy string
	// State is Enabled, Disabled or PendingDeletion.
	State string
	// Manager is CUSTOMER or AWS.
	Manager string
	// Spec is SYMMETRIC_DEFAULT or an asymmetric spec, Usage its use.
	Spec, Usage string
	MultiRegion bool
	// Primary is the Region of a replica's primary key, empty for all other keys.
	Primary    string
	Created    time.Time
	DeletionAt time.Time
	// Window is the waiting period of a scheduled deletion in days.
	Window int64
	Grants []*Grant
	Tags   map[string]string
	// Material is what the key encrypts with, made when it is first used. The keys
	// of one multi-Region key share it.
	Material []byte
}

// Grant lets a principal use a key.
type Grant struct {
	ID, Token, Name, Grantee, Retiring string
	Operations                         []string
	// Subset and Equals constrain the encryption context of cryptographic operations.
	Subset, Equals map[string]string
	Created        time.Time
}

// Holds tells whether the grant's constraints let an encryption context through.
func (g *Grant) Holds(context map[string]string) bool {
	if g.Equals != nil {
		return maps.Equal(g.Equals, context)
	}
	for k, v := range g.Subset {
		if got, has := context[k]; !has || got != v {
			return false
		}
	}
	return true
}

// Parameter is an SSM parameter.
type Parameter struct {
	Name, ARN, Type, DataType, Description string
	// Tier is Standard or Advanced.
	Tier, KeyID, AllowedPattern string
	Versions                    []ParameterVersion
	Tags                        map[string]string
}

// ParameterVersion is one value of a [Parameter]; the last one is current.
type ParameterVersion struct {
	ParameterDetails

	Value    string
	Version  int64
	Modified time.Time
	Labels   []string
}

// EBSKey gives the account's aws/ebs key of the Region; the first use makes it.
func (w *World) EBSKey(r *Region) *Key {
	if id, made := r.Aliases[EBSAlias]; made {
		return r.Keys[id]
	}
	k := w.NewKey(r)
	k.Manager, k.Description = ManagedByAWS, "Default key that protects my EBS volumes when no other key is defined"
	k.Policy = `{"Version":"2012-10-17","Id":"auto-ebs-2","Statement":[{"Sid":"Allow access through EBS for all principals in the account that are authorized to use EBS","Effect":"Allow","Principal":{"AWS":"` +
		r.Account + `"},"Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:CreateGrant","kms:DescribeKey"],"Resource":"*"}]}`
	r.Aliases[EBSAlias] = k.ID
	return k
}

// NewKey makes a symmetric customer key with KMS's default policy, which leaves
// every decision to the account that owns it.
func (w *World) NewKey(r *Region) *Key {
	k := &Key{
		ID: w.NewUUID(), Account: r.Account, Region: r.Name,
		State: KeyEnabled, Manager: ManagedByCustomer, Spec: "SYMMETRIC_DEFAULT", Usage: "ENCRYPT_DECRYPT", Created: w.Now(), Tags: map[string]string{},
	}
	k.ARN = "arn:aws:kms:" + k.Region + ":" + k.Account + ":key/" + k.ID
	k.Policy = `{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` +
		k.Account + `:root"},"Action":"kms:*","Resource":"*"}]}`
	r.Keys[k.ID] = k
	return k
}

// MakeMultiRegion gives a new key the id of a multi-Region primary key.
func (r *Region) MakeMultiRegion(k *Key) {
	delete(r.Keys, k.ID)
	k.ID, k.MultiRegion = "mrk-"+strings.ReplaceAll(k.ID, "-", ""), true
	k.ARN = "arn:aws:kms:" + k.Region + ":" + k.Account + ":key/" + k.ID
	r.Keys[k.ID] = k
}

// Keys are the keys of all accounts in a Region.
func (w *World) Keys(region string) []*Key {
	var all []*Key
	for _, r := range w.holders[region] {
		for _, k := range r.Keys {
			all = append(all, k)
		}
	}
	return all
}

// FindKey gives the key that a reference stands for, seen from an account in a
// Region: a key id, alias/name, or the ARN of a key or alias, of that Region. It
// is nil where there is none; whether the account may use the key is
// [Key.UsableBy]. alias/aws/ebs is made on demand.
func (w *World) FindKey(account, region, ref string) *Key {
	if arn, ok := strings.CutPrefix(ref, "arn:aws:kms:"); ok {
		parts := strings.SplitN(arn, ":", 3)
		if len(parts) != 3 || parts[0] != region || len(parts[1]) != 12 {
			return nil
		}
		account, ref = parts[1], strings.TrimPrefix(parts[2], "key/")
		if w.state.Accounts[account] == nil {
			return nil
		}
	}
	r := w.Region(account, region)
	if ref == EBSAlias {
		return w.EBSKey(r)
	}
	if strings.HasPrefix(ref, "alias/") {
		ref = r.Aliases[ref]
	}
	k := r.Keys[ref]
	if k != nil && k.State == KeyPendingDeletion && !w.Now().Before(k.DeletionAt) {
		return nil
	}
	return k
}

// UsableBy tells whether the account may encrypt and decrypt with the key: its
// owner may; another account when a statement of the key's policy allows it by
// name, or a grant has one of its principals as grantee. A deny statement that
// names the account wins. An AWS-managed key serves its own account alone.
func (k *Key) UsableBy(account string) bool {
	if k.Account == account {
		return true
	}
	if k.Manager == ManagedByAWS {
		return false
	}
	var doc struct {
		Statement statements `json:"Statement"`
	}
	allowed := slices.ContainsFunc(k.Grants, func(g *Grant) bool { return principalAccount(g.Grantee) == account })
	if json.Unmarshal([]byte(k.Policy), &doc) != nil {
		return allowed
	}
	for _, s := range doc.Statement {
		if !s.names(account) {
			continue
		}
		switch s.Effect {
		case "Deny":
			return false
		case "Allow":
			allowed = true
		}
	}
	return allowed
}

type statement struct {
	Effect    string
	Principal json.RawMessage
}

// statements is the policy language's "one or a list".
type statements []statement

// UnmarshalJSON reads one statement or a list of them.
func (s *statements) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '{' {
		*s = make(statements, 1)
		return json.Unmarshal(text, &(*s)[0])
	}
	return json.Unmarshal(text, (*[]statement)(s))
}

// names tells whether the statement's principals include the account.
func (s statement) names(account string) bool {
	for _, p := range principals(s.Principal) {
		if p == "*" || principalAccount(p) == account {
			return true
		}
	}
	return false
}

// principals are the members of "*", {"AWS": one} or {"AWS": [list]}.
func principals(raw json.RawMessage) []string {
	var word string
	if json.Unmarshal(raw, &word) == nil {
		return []string{word}
	}
	var typed struct{ AWS json.RawMessage }
	if json.Unmarshal(raw, &typed) != nil {
		return nil
	}
	var list []string
	if json.Unmarshal(typed.AWS, &word) == nil {
		return []string{word}
	}
	if json.Unmarshal(typed.AWS, &list) != nil {
		return nil
	}
	return list
}

// principalAccount is the account of a principal, given as an ARN or as the
// account's id alone.
func principalAccount(p string) string {
	if parts := strings.SplitN(p, ":", 6); len(parts) == 6 {
		return parts[4]
	}
	return p
}
