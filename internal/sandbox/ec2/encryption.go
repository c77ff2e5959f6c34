package ec2

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/authorize"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// keyError is a key that cannot be used. Where EC2 looks at keys late, the action
// takes it with errors.As and lets the resource fail; returned as it is, it is
// the refusal that EC2 gives where it looks at once.
type keyError struct {
	// Reason is how EC2 words it in the StateReason of an image or instance.
	Reason  world.Reason
	refusal *wire.Error
}

func (e *keyError) Error() string { return e.refusal.Error() }

// Unwrap gives the refusal.
func (e *keyError) Unwrap() error { return e.refusal }

// keyInaccessible is what EBS says of a key that is missing, of another Region,
// or not permitted: it does not tell which.
const keyInaccessible = "Given key ID is not accessible"

// usableKey finds the key of a reference and checks that EBS can use it for the
// caller: it exists in the Region, is permitted, symmetric and enabled.
func usableKey(c *action.Call, region, ref string, use authorize.Use) (*world.Key, error) {
	key := c.World.FindKey(c.Account, region, ref)
	switch {
	case key == nil || !authorize.EBS(c, key, use):
		return nil, &keyError{
			Reason:  world.Reason{Code: "Client.InternalError", Message: keyInaccessible},
			refusal: wire.Errorf("InvalidParameterValue", "The specified keyId %s is invalid", ref),
		}
	case key.State != world.KeyEnabled:
		return nil, &keyError{
			Reason:  world.Reason{Code: "Client.InvalidKMSKey.InvalidState", Message: "The KMS key provided is in an incorrect state"},
			refusal: wire.Errorf("InvalidParameterValue", "The specified keyId %s is disabled", ref),
		}
	case key.Spec != "SYMMETRIC_DEFAULT":
		return nil, &keyError{
			Reason:  world.Reason{Code: "Client.InvalidKMSKey.InvalidState", Message: "The KMS key provided is not a symmetric encryption key"},
			refusal: wire.Errorf("InvalidParameterValue", "The specified keyId %s is invalid", ref),
		}
	}
	return key, nil
}

// reading is how EBS uses the key of a snapshot: what is made of it keeps the key,
// or goes on under another one.
func reading(keeps bool) authorize.Use {
	if keeps {
		return authorize.Keep
	}
	return authorize.Read
}

// defaultKey is the key that EBS uses where the caller names none: the account's
// own choice for the Region, else aws/ebs.
func defaultKey(c *action.Call, region string) *world.Key {
	r := c.World.Region(c.Account, region)
	if r.DefaultKey != "" {
		if key := c.World.FindKey(c.Account, region, r.DefaultKey); key != nil {
			return key
		}
	}
	return c.World.EBSKey(r)
}

// volumeEncryption decides whether a new volume is encrypted and with which key,
// from what the request says, from the snapshot (nil for an empty volume) and
// from the account's settings (EBS User Guide, "Encryption outcomes"). The error
// is a refusal, or a keyError for a key that cannot be used.
func volumeEncryption(c *action.Call, encrypted *bool, keyID string, snapshot *world.Snapshot) (bool, string, error) {
	asked := encrypted != nil && *encrypted
	if keyID != "" && !asked {
		return false, "", wire.Errorf("InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set.")
	}
	fromEncrypted := snapshot != nil && snapshot.Encrypted
	if encrypted != nil && !*encrypted && fromEncrypted {
		// The rule is documented; neither code nor text are verified.
		return false, "", wire.Errorf("InvalidParameterValue", "Snapshot %s is encrypted. Creating an unencrypted volume from an encrypted snapshot is not supported", snapshot.ID)
	}
	keeps := fromEncrypted && keyID == "" && snapshot.OwnerID == c.Account
	if fromEncrypted {
		if _, err := usableKey(c, c.Region, snapshot.KMSKeyARN, reading(keeps)); err != nil {
			return false, "", err
		}
	}
	switch {
	case keyID != "":
		key, err := usableKey(c, c.Region, keyID, authorize.Encrypt)
		if err != nil {
			return false, "", err
		}
		return true, key.ARN, nil
	case keeps:
		return true, snapshot.KMSKeyARN, nil
	case asked || fromEncrypted || c.Mine().EncryptByDefault:
		key, err := usableKey(c, c.Region, defaultKey(c, c.Region).ARN, authorize.Encrypt)
		if err != nil {
			return false, "", err
		}
		return true, key.ARN, nil
	}
	return false, "", nil
}
