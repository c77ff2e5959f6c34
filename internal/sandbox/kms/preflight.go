package kms

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "GenerateDataKeyWithoutPlaintext", generateDataKey)
	action.Add(Actions, "Decrypt", decrypt)
	action.Add(Actions, "ReEncrypt", reEncrypt)
}

// enabled finds a key that the caller may use now.
func enabled(c *action.Call, ref, operation string) (*world.Key, error) {
	key, err := usable(c, ref, operation)
	if err != nil {
		return nil, err
	}
	switch key.State {
	case world.KeyDisabled:
		return nil, wire.Errorf("DisabledException", "%s is disabled.", key.ARN)
	case world.KeyPendingDeletion:
		return nil, errPending(key)
	}
	return key, nil
}

// encrypts refuses what is not an enabled symmetric key that the caller may use.
func encrypts(c *action.Call, ref, operation string) error {
	key, err := enabled(c, ref, operation)
	if err == nil && (key.Spec != symmetric || key.Usage != "ENCRYPT_DECRYPT") {
		return wire.Errorf("InvalidKeyUsageException", "%s key usage is %s which is not valid for %s.", key.ARN, key.Usage, operation)
	}
	return err
}

// errNoData refuses cryptography itself: this endpoint keeps no key material, and
// a ciphertext that nothing can open would be a lie.
func errNoData(operation string) error {
	return wire.Errorf("UnsupportedOperationException", "This endpoint answers %s with DryRun only: its keys have no material.", operation)
}

type dataKeyInput struct {
	keyInput
	KeySpec           string
	NumberOfBytes     int
	EncryptionContext map[string]string
	GrantTokens       []string
	DryRun            bool
}

func generateDataKey(c *action.Call, in *dataKeyInput) (*none, error) {
	return preflight(c, in.KeyID, "GenerateDataKeyWithoutPlaintext", in.DryRun)
}

func preflight(c *action.Call, ref, operation string, dry bool) (*none, error) {
	if err := encrypts(c, ref, operation); err != nil {
		return nil, err
	}
	if !dry {
		return nil, errNoData(operation)
	}
	return nil, errDryRun()
}

type decryptInput struct {
	keyInput
	CiphertextBlob    []byte
	EncryptionContext map[string]string
	GrantTokens       []string
	DryRun            bool
	DryRunModifiers   []string
}

// decrypt needs the key by name: without ciphertext (DryRunModifiers has
// IGNORE_CIPHERTEXT) nothing else says which one is meant.
func decrypt(c *action.Call, in *decryptInput) (*none, error) {
	if in.KeyID == "" {
		return nil, wire.Errorf("InvalidCiphertextException", "")
	}
	return preflight(c, in.KeyID, "Decrypt", in.DryRun)
}

type reEncryptInput struct {
	CiphertextBlob               []byte
	SourceKeyID                  string `json:"SourceKeyId"`
	DestinationKeyID             string `json:"DestinationKeyId"`
	SourceEncryptionContext      map[string]string
	DestinationEncryptionContext map[string]string
	GrantTokens                  []string
	DryRun                       bool
	DryRunModifiers              []string
}

func reEncrypt(c *action.Call, in *reEncryptInput) (*none, error) {
	if in.SourceKeyID != "" {
		if err := encrypts(c, in.SourceKeyID, "ReEncryptFrom"); err != nil {
			return nil, err
		}
	}
	return preflight(c, in.DestinationKeyID, "ReEncryptTo", in.DryRun)
}
