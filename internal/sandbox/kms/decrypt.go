package kms

import (
	"slices"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/authorize"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "Decrypt", decrypt)
	action.Add(Actions, "ReEncrypt", reEncrypt)
}

// sealed is what Decrypt and ReEncrypt have in common: a ciphertext and, if the
// caller knows it, its key.
type sealed struct {
	blob      []byte
	ref       string
	operation string
	algorithm string
	context   map[string]string
	dry       bool
	modifiers []string
}

const ignoreCiphertext = "IGNORE_CIPHERTEXT"

// open finds the key and opens the ciphertext. With DryRun and IGNORE_CIPHERTEXT
// there is no ciphertext to open, and the key must be named.
func (s sealed) open(c *action.Call) (*world.Key, []byte, error) {
	ignore := slices.Contains(s.modifiers, ignoreCiphertext)
	for _, m := range s.modifiers {
		if err := checkEnum("dryRunModifiers", m, []string{ignoreCiphertext}); err != nil {
			return nil, nil, err
		}
	}
	switch {
	case ignore && !s.dry:
		return nil, nil, wire.Errorf("ValidationException", "DryRunModifiers can only be used with DryRun.") // unverified: text
	case ignore && s.ref == "":
		return nil, nil, wire.Errorf("ValidationException", "KeyId is required when the ciphertext is ignored.") // unverified: text
	case ignore:
		k, err := encrypting(c, s.ref, s.operation, s.context)
		return k, nil, err
	}
	id, rest, ok := split(s.blob)
	if !ok {
		return nil, nil, errCiphertext()
	}
	k, err := s.key(c, id)
	if err != nil {
		return nil, nil, err
	}
	if err := checkAlgorithm(s.algorithm, k); err != nil {
		return nil, nil, err
	}
	plaintext, ok := unseal(c, k, rest, s.context)
	if !ok {
		return nil, nil, errCiphertext()
	}
	return k, plaintext, nil
}

// errCiphertext has no text on KMS either: it tells nobody what is wrong.
func errCiphertext() error { return wire.Errorf("InvalidCiphertextException", "") }

// key finds the key of a ciphertext: the one that the caller names, which must be
// the one that made it, or else the one that made it.
func (s sealed) key(c *action.Call, id string) (*world.Key, error) {
	if s.ref != "" {
		k, err := encrypting(c, s.ref, s.operation, s.context)
		if err == nil && k.ID != id {
			return nil, wire.Errorf("IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.")
		}
		return k, err
	}
	for _, k := range c.World.Keys(c.Region) {
		if k.ID == id && authorize.Key(c, k, s.operation, s.context) == nil {
			return encrypting(c, k.ARN, s.operation, s.context)
		}
	}
	return nil, wire.Errorf("AccessDeniedException", "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.")
}

type decryptInput struct {
	keyInput
	tokens
	CiphertextBlob      []byte
	EncryptionAlgorithm string
	EncryptionContext   map[string]string
	DryRun              bool
	DryRunModifiers     []string
}

type decryptOutput struct {
	KeyID               string `json:"KeyId"`
	Plaintext           []byte
	EncryptionAlgorithm string
	MaterialID          string `json:"KeyMaterialId"`
}

func decrypt(c *action.Call, in *decryptInput) (*decryptOutput, error) {
	if err := in.check(c); err != nil {
		return nil, err
	}
	k, plaintext, err := sealed{
		blob: in.CiphertextBlob, ref: in.KeyID, operation: "Decrypt", algorithm: in.EncryptionAlgorithm, context: in.EncryptionContext,
		dry: in.DryRun, modifiers: in.DryRunModifiers,
	}.open(c)
	if err != nil {
		return nil, err
	}
	if in.DryRun {
		return nil, errDryRun()
	}
	return &decryptOutput{KeyID: k.ARN, Plaintext: plaintext, EncryptionAlgorithm: symmetric, MaterialID: materialID(c, k)}, nil
}

type reEncryptInput struct {
	tokens
	CiphertextBlob                 []byte
	SourceKeyID                    string `json:"SourceKeyId"`
	SourceEncryptionAlgorithm      string
	SourceEncryptionContext        map[string]string
	DestinationKeyID               string `json:"DestinationKeyId"`
	DestinationEncryptionAlgorithm string
	DestinationEncryptionContext   map[string]string
	DryRun                         bool
	DryRunModifiers                []string
}

type reEncryptOutput struct {
	CiphertextBlob                 []byte
	SourceKeyID                    string `json:"SourceKeyId"`
	SourceEncryptionAlgorithm      string
	SourceMaterialID               string `json:"SourceKeyMaterialId"`
	KeyID                          string `json:"KeyId"`
	DestinationEncryptionAlgorithm string
	DestinationMaterialID          string `json:"DestinationKeyMaterialId"`
}

func reEncrypt(c *action.Call, in *reEncryptInput) (*reEncryptOutput, error) {
	if err := in.check(c); err != nil {
		return nil, err
	}
	from, plaintext, err := sealed{
		blob: in.CiphertextBlob, ref: in.SourceKeyID, operation: "ReEncryptFrom", algorithm: in.SourceEncryptionAlgorithm, context: in.SourceEncryptionContext,
		dry: in.DryRun, modifiers: in.DryRunModifiers,
	}.open(c)
	if err != nil {
		return nil, err
	}
	to, err := encrypting(c, in.DestinationKeyID, "ReEncryptTo", in.DestinationEncryptionContext)
	if err != nil {
		return nil, err
	}
	if err := checkAlgorithm(in.DestinationEncryptionAlgorithm, to); err != nil {
		return nil, err
	}
	if in.DryRun {
		return nil, errDryRun()
	}
	return &reEncryptOutput{
		CiphertextBlob: seal(c, to, plaintext, in.DestinationEncryptionContext), SourceKeyID: from.ARN, SourceEncryptionAlgorithm: symmetric,
		SourceMaterialID: materialID(c, from), KeyID: to.ARN, DestinationEncryptionAlgorithm: symmetric, DestinationMaterialID: materialID(c, to),
	}, nil
}
