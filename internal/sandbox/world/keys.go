package world

import (
	"maps"
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

// SSMAlias is that of the AWS-managed key with which SSM does.
const SSMAlias = "alias/aws/ssm"

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
	return w.managedKey(r, EBSAlias, "auto-ebs-2", "EBS", "ec2", "EBS volumes")
}

// SSMKey gives the account's aws/ssm key of the Region; the first use makes it.
func (w *World) SSMKey(r *Region) *Key {
	return w.managedKey(r, SSMAlias, "auto-ssm-1", "SSM", "ssm", "SSM parameters")
}

// managedKey gives a key that AWS manages for a service. Its policy is the one that AWS
// gives it: use through the service alone, and the account may look at it.
func (w *World) managedKey(r *Region, alias, policyID, service, host, protects string) *Key {
	if id, made := r.Aliases[alias]; made {
		return r.Keys[id]
	}
	k := w.NewKey(r)
	k.Manager, k.Description = ManagedByAWS, "Default key that protects my "+protects+" when no other key is defined"
	k.Policy = `{"Version":"2012-10-17","Id":"` + policyID + `","Statement":[` +
		`{"Sid":"Allow access through ` + service + ` for all principals in the account that are authorized to use ` + service + `","Effect":"Allow","Principal":{"AWS":"*"},` +
		`"Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:CreateGrant","kms:DescribeKey"],"Resource":"*",` +
		`"Condition":{"StringEquals":{"kms:CallerAccount":"` + r.Account + `","kms:ViaService":"` + host + `.` + r.Name + `.amazonaws.com"}}},` +
		`{"Sid":"Allow direct access to key metadata to the account","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + r.Account + `:root"},` +
		`"Action":["kms:Describe*","kms:Get*","kms:List*","kms:RevokeGrant"],"Resource":"*"}]}`
	r.Aliases[alias] = k.ID
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
// is nil where there is none; whether the caller may use it is
// decided in package authorize. alias/aws/ebs is made on demand.
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
