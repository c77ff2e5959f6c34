package kms

import (
	"slices"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

func init() { action.Add(Actions, "CreateKey", createKey) }

const (
	symmetric      = "SYMMETRIC_DEFAULT"
	encryptDecrypt = "ENCRYPT_DECRYPT"
	originKMS      = "AWS_KMS"
)

// spec says what keys of a spec can do (AWS KMS Developer Guide, "Key spec
// reference"). Only symmetric keys encrypt volumes; the others exist so that a
// template that names one fails as on AWS.
type spec struct{ encryption, signing, mac []string }

var (
	oaep = []string{"RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"}
	rsa  = []string{
		"RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512",
		"RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512",
	}
	specs = map[string]spec{
		symmetric:         {encryption: []string{symmetric}},
		"RSA_2048":        {encryption: oaep, signing: rsa},
		"RSA_3072":        {encryption: oaep, signing: rsa},
		"RSA_4096":        {encryption: oaep, signing: rsa},
		"ECC_NIST_P256":   {signing: []string{"ECDSA_SHA_256"}},
		"ECC_NIST_P384":   {signing: []string{"ECDSA_SHA_384"}},
		"ECC_NIST_P521":   {signing: []string{"ECDSA_SHA_512"}},
		"ECC_SECG_P256K1": {signing: []string{"ECDSA_SHA_256"}},
		"HMAC_224":        {mac: []string{"HMAC_SHA_224"}},
		"HMAC_256":        {mac: []string{"HMAC_SHA_256"}},
		"HMAC_384":        {mac: []string{"HMAC_SHA_384"}},
		"HMAC_512":        {mac: []string{"HMAC_SHA_512"}},
	}
	// The orders are those of KMS's own texts.
	specNames = []string{
		"RSA_2048", "ECC_NIST_P384", "ECC_NIST_P256", "ECC_NIST_P521", "HMAC_384", "RSA_3072", "ECC_SECG_P256K1", "RSA_4096",
		symmetric, "HMAC_256", "HMAC_224", "HMAC_512",
	}
	usages = []string{encryptDecrypt, "SIGN_VERIFY", "GENERATE_VERIFY_MAC"}
)

func (s spec) allows(usage string) bool {
	switch usage {
	case encryptDecrypt:
		return len(s.encryption) > 0
	case "SIGN_VERIFY":
		return len(s.signing) > 0
	}
	return len(s.mac) > 0
}

func checkEnum(parameter, value string, values []string) error {
	if value == "" || slices.Contains(values, value) {
		return nil
	}
	return wire.Errorf("ValidationException", "1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]",
		value, parameter, strings.Join(values, ", "))
}

type createKeyInput struct {
	Policy, Description, KeyUsage, KeySpec, CustomerMasterKeySpec string
	Origin                                                        string
	MultiRegion                                                   bool
	BypassPolicyLockoutSafetyCheck                                bool
	Tags                                                          []tag
}

// names settles the spec and the usage of the new key.
func (in *createKeyInput) names() (keySpec, usage string, err error) {
	if in.KeySpec != "" && in.CustomerMasterKeySpec != "" {
		return "", "", wire.Errorf("ValidationException", "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.")
	}
	keySpec, usage = in.KeySpec+in.CustomerMasterKeySpec, in.KeyUsage
	if err := checkEnum("keySpec", keySpec, specNames); err != nil {
		return "", "", err
	}
	if err := checkEnum("keyUsage", usage, usages); err != nil {
		return "", "", err
	}
	if keySpec == "" {
		keySpec = symmetric
	}
	switch {
	case usage == "" && keySpec != symmetric:
		return "", "", wire.Errorf("ValidationException", "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.")
	case usage == "":
		usage = encryptDecrypt
	case !specs[keySpec].allows(usage):
		return "", "", wire.Errorf("ValidationException", "KeyUsage %s is not compatible with KeySpec %s", usage, keySpec) // unverified: text
	}
	return keySpec, usage, nil
}

func createKey(c *action.Call, in *createKeyInput) (*keyOutput, error) {
	keySpec, usage, err := in.names()
	if err != nil {
		return nil, err
	}
	if in.Origin != "" && in.Origin != originKMS {
		return nil, wire.Errorf("UnsupportedOperationException", "This endpoint makes the material of its keys itself: Origin must be %s.", originKMS)
	}
	if err := checkLength("description", in.Description, 8192); err != nil {
		return nil, err
	}
	if err := checkTags(nil, in.Tags); err != nil {
		return nil, err
	}
	if in.Policy != "" {
		if err := checkPolicy(c, in.Policy, in.BypassPolicyLockoutSafetyCheck); err != nil {
			return nil, err
		}
	}
	k := c.World.NewKey(c.Mine())
	k.Description, k.Spec, k.Usage = in.Description, keySpec, usage
	if in.Policy != "" {
		k.Policy = in.Policy
	}
	if in.MultiRegion {
		c.Mine().MakeMultiRegion(k)
	}
	for _, t := range in.Tags {
		k.Tags[t.TagKey] = t.TagValue
	}
	return &keyOutput{KeyMetadata: metadataOf(c, k)}, nil
}
