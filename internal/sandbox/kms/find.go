package kms

import (
	"regexp"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/authorize"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

var keyID = regexp.MustCompile(`^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$`)

// find gives the key of a reference, whoever may use it. An ARN of another Region,
// and a key that is not there, are NotFoundException.
func find(c *action.Call, ref string) (*world.Key, error) {
	if key := c.World.FindKey(c.Account, c.Region, ref); key != nil {
		settle(c, key)
		return key, nil
	}
	parts := strings.SplitN(ref, ":", 6)
	switch {
	case ref == "":
		return nil, wire.Errorf("ValidationException", "1 validation error detected: Value '' at 'keyId' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case len(parts) == 6 && parts[3] != c.Region:
		return nil, wire.Errorf("NotFoundException", "Invalid arn %s", parts[3])
	case len(parts) == 6:
		if strings.HasPrefix(parts[5], "alias/") {
			return nil, errNoAlias(ref)
		}
		return nil, wire.Errorf("NotFoundException", "Key '%s' does not exist", ref)
	case strings.HasPrefix(ref, "alias/"):
		return nil, errNoAlias(aliasARN(c, ref))
	case !keyID.MatchString(ref):
		return nil, wire.Errorf("NotFoundException", "Invalid keyId '%s'", ref)
	}
	return nil, wire.Errorf("NotFoundException", "Key 'arn:aws:kms:%s:%s:key/%s' does not exist", c.Region, c.Account, ref)
}

func errNoAlias(arn string) error {
	return wire.Errorf("NotFoundException", "Alias %s is not found.", arn)
}

// settle starts the waiting period of a primary key whose last replica is gone.
func settle(c *action.Call, k *world.Key) {
	if k.State == world.KeyPendingReplicaDeletion && len(replicas(c, k)) == 0 {
		k.State, k.DeletionAt = world.KeyPendingDeletion, c.Now.AddDate(0, 0, int(k.Window))
	}
}

// usable is [find] for who has the permission for an operation, of the key's
// account or of another one. Context is the encryption context of a cryptographic
// operation, which a grant may constrain.
func usable(c *action.Call, ref, operation string, context map[string]string) (*world.Key, error) {
	key, err := find(c, ref)
	if err != nil {
		return nil, err
	}
	if refusal := authorize.Key(c, key, operation, context); refusal != nil {
		return nil, refusal
	}
	return key, nil
}

func denied(c *action.Call, key *world.Key, operation string) error {
	return wire.Errorf("AccessDeniedException", "User: %s is not authorized to perform: kms:%s on resource: %s because no resource-based policy allows the kms:%s action",
		c.Principal, operation, key.ARN, operation)
}

// managed is [usable] for what no other account may do, whatever the key's policy
// says (AWS KMS Developer Guide, "Cross-account use: No").
func managed(c *action.Call, ref, operation string) (*world.Key, error) {
	key, err := usable(c, ref, operation, nil)
	if err == nil && key.Account != c.Account {
		return nil, denied(c, key, operation)
	}
	return key, err
}

// alive is [managed] for what cannot be done to a key that is to be deleted.
func alive(c *action.Call, ref, operation string) (*world.Key, error) {
	key, err := managed(c, ref, operation)
	if err == nil && toBeDeleted(key) {
		return nil, errPending(key)
	}
	return key, err
}

func toBeDeleted(k *world.Key) bool {
	return k.State == world.KeyPendingDeletion || k.State == world.KeyPendingReplicaDeletion
}

func errPending(k *world.Key) error {
	if k.State == world.KeyPendingReplicaDeletion {
		return wire.Errorf("KMSInvalidStateException", "%s is pending replica deletion.", k.ARN) // unverified: text
	}
	return wire.Errorf("KMSInvalidStateException", "%s is pending deletion.", k.ARN)
}

// enabled finds a key that the caller may use now.
func enabled(c *action.Call, ref, operation string, context map[string]string) (*world.Key, error) {
	key, err := usable(c, ref, operation, context)
	switch {
	case err != nil:
		return nil, err
	case key.State == world.KeyDisabled:
		return nil, wire.Errorf("DisabledException", "%s is disabled.", key.ARN)
	case toBeDeleted(key):
		return nil, errPending(key)
	}
	return key, nil
}

// encrypting is [enabled] that refuses a key which does not encrypt.
func encrypting(c *action.Call, ref, operation string, context map[string]string) (*world.Key, error) {
	key, err := enabled(c, ref, operation, context)
	switch {
	case err != nil:
		return nil, err
	case key.Usage != encryptDecrypt:
		return nil, wire.Errorf("InvalidKeyUsageException", "%s key usage is %s which is not valid for %s.", key.ARN, key.Usage, operation)
	case key.Spec != symmetric:
		return nil, wire.Errorf("UnsupportedOperationException", "This endpoint encrypts with keys of the spec %s only.", symmetric)
	}
	return key, nil
}
