package authorize

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// Use is what EBS does with a KMS key in the name of the caller.
type Use int

// The uses. EBS makes a data key of the key that encrypts something new, opens
// the data key of what is read, and lets itself use both by a grant (EBS User
// Guide, "How Amazon EBS encryption works").
const (
	// Encrypt is for a volume, or a copy of a snapshot, under the key.
	Encrypt Use = iota
	// Read is for a snapshot under the key whose data goes on under another one.
	Read
	// Keep is for a volume or a copy that stays under the key of its snapshot.
	Keep
)

// operations are those of KMS that each use needs. // unverified: which of the five documented ones each use checks
var operations = map[Use][]string{
	Encrypt: {"kms:DescribeKey", "kms:CreateGrant", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptTo"},
	Read:    {"kms:DescribeKey", "kms:CreateGrant", "kms:Decrypt", "kms:ReEncryptFrom"},
	Keep:    {"kms:DescribeKey", "kms:CreateGrant", "kms:Decrypt"},
}

// EBS tells whether EBS may use a key for the caller, by the caller's own policies,
// the key's policy and its grants. The calls come from EC2 of the key's Region
// (kms:ViaService), and grants are for an AWS resource. Call it inside
// [world.World.Do].
func EBS(c *action.Call, key *world.Key, use Use) bool {
	needs := make([]Need, 0, len(operations[use]))
	for _, operation := range operations[use] {
		n := onKey(c, key, operation, nil)
		n.Context.Set("kms:ViaService", "ec2."+key.Region+".amazonaws.com")
		n.Context.Set("aws:ViaAWSService", "true")
		n.Context.Set("aws:RequestedRegion", key.Region)
		if operation == "kms:CreateGrant" {
			n.Context.Set("kms:GrantIsForAWSResource", "true")
			n.Context.Set("kms:GrantConstraintType", "EncryptionContextSubset")
			n.Context.Set("kms:GrantOperations", "Decrypt", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo")
		}
		needs = append(needs, n)
	}
	return Permits(c, needs...)
}
