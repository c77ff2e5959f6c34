package kms

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

func init() {
	action.Add(Actions, "Encrypt", encrypt)
	action.Add(Actions, "GenerateDataKey", generateDataKey)
	action.Add(Actions, "GenerateDataKeyWithoutPlaintext", generateDataKeyWithoutPlaintext)
}

type encryptInput struct {
	keyInput
	tokens
	Plaintext           []byte
	EncryptionAlgorithm string
	EncryptionContext   map[string]string
	DryRun              bool
}

type encryptOutput struct {
	CiphertextBlob      []byte
	EncryptionAlgorithm string
	KeyID               string `json:"KeyId"`
}

// plaintextLimit is the most bytes that Encrypt takes.
const plaintextLimit = 4096

func encrypt(c *action.Call, in *encryptInput) (*encryptOutput, error) {
	switch {
	case len(in.Plaintext) > plaintextLimit:
		return nil, wire.Errorf("ValidationException", "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to %d", plaintextLimit)
	case len(in.Plaintext) == 0:
		return nil, wire.Errorf("ValidationException", "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	if err := in.check(c); err != nil {
		return nil, err
	}
	k, err := encrypting(c, in.KeyID, "Encrypt", in.EncryptionContext)
	if err != nil {
		return nil, err
	}
	if err := checkAlgorithm(in.EncryptionAlgorithm, k); err != nil {
		return nil, err
	}
	if in.DryRun {
		return nil, errDryRun()
	}
	return &encryptOutput{CiphertextBlob: seal(c, k, in.Plaintext, in.EncryptionContext), EncryptionAlgorithm: symmetric, KeyID: k.ARN}, nil
}

type dataKeyInput struct {
	keyInput
	tokens
	KeySpec           string
	NumberOfBytes     *int
	EncryptionContext map[string]string
	DryRun            bool
}

// size is how many bytes the data key has.
func (in *dataKeyInput) size() (int, error) {
	if err := checkEnum("keySpec", in.KeySpec, []string{"AES_256", "AES_128"}); err != nil {
		return 0, err
	}
	switch {
	case (in.KeySpec == "") == (in.NumberOfBytes == nil):
		return 0, wire.Errorf("ValidationException", "Please specify either number of bytes or key spec.")
	case in.KeySpec == "AES_256":
		return 32, nil
	case in.KeySpec == "AES_128":
		return 16, nil
	case *in.NumberOfBytes < 1:
		return 0, wire.Errorf("ValidationException", "1 validation error detected: Value '%d' at 'numberOfBytes' failed to satisfy constraint: Member must have value greater than or equal to 1", *in.NumberOfBytes)
	case *in.NumberOfBytes > 1024:
		return 0, wire.Errorf("ValidationException", "1 validation error detected: Value '%d' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024", *in.NumberOfBytes)
	}
	return *in.NumberOfBytes, nil
}

type dataKeyOutput struct {
	CiphertextBlob []byte
	Plaintext      []byte `json:",omitempty"`
	KeyID          string `json:"KeyId"`
	MaterialID     string `json:"KeyMaterialId"`
}

func generateDataKey(c *action.Call, in *dataKeyInput) (*dataKeyOutput, error) {
	return in.generate(c, "GenerateDataKey")
}

func generateDataKeyWithoutPlaintext(c *action.Call, in *dataKeyInput) (*dataKeyOutput, error) {
	out, err := in.generate(c, "GenerateDataKeyWithoutPlaintext")
	if err != nil {
		return nil, err
	}
	out.Plaintext = nil
	return out, nil
}

func (in *dataKeyInput) generate(c *action.Call, operation string) (*dataKeyOutput, error) {
	size, err := in.size()
	if err != nil {
		return nil, err
	}
	if err := in.check(c); err != nil {
		return nil, err
	}
	k, err := encrypting(c, in.KeyID, operation, in.EncryptionContext)
	if err != nil {
		return nil, err
	}
	if in.DryRun {
		return nil, errDryRun()
	}
	plaintext := make([]byte, size)
	_, _ = c.World.Read(plaintext) // it never fails
	return &dataKeyOutput{CiphertextBlob: seal(c, k, plaintext, in.EncryptionContext), Plaintext: plaintext, KeyID: k.ARN, MaterialID: materialID(c, k)}, nil
}
