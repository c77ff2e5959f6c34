package kms

import "github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"

// Seal encrypts for another service on the caller's behalf, as SSM does, and gives
// the key's ARN with it. The refusals are those of Encrypt.
func Seal(c *action.Call, ref string, plaintext []byte, context map[string]string) (blob []byte, arn string, err error) {
	k, err := encrypting(c, ref, "Encrypt", context)
	if err != nil {
		return nil, "", err
	}
	return seal(c, k, plaintext, context), k.ARN, nil
}

// Open decrypts what [Seal] made. The refusals are those of Decrypt.
func Open(c *action.Call, blob []byte, context map[string]string) ([]byte, error) {
	_, plaintext, err := sealed{blob: blob, operation: "Decrypt", context: context}.open(c)
	return plaintext, err
}
