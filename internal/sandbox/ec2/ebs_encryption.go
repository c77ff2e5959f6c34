package ec2

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/authorize"
)

func init() {
	add("GetEbsEncryptionByDefault", getEncryptionByDefault)
	add("EnableEbsEncryptionByDefault", enableEncryptionByDefault)
	add("DisableEbsEncryptionByDefault", disableEncryptionByDefault)
	add("GetEbsDefaultKmsKeyId", getDefaultKey)
	add("ModifyEbsDefaultKmsKeyId", modifyDefaultKey)
	add("ResetEbsDefaultKmsKeyId", resetDefaultKey)
}

type encryptionByDefault struct {
	Enabled bool   `xml:"ebsEncryptionByDefault"`
	SSEType string `xml:"sseType,omitempty"`
}

func getEncryptionByDefault(c *action.Call, _ *nothing) (*encryptionByDefault, error) {
	out := &encryptionByDefault{Enabled: c.Mine().EncryptByDefault, SSEType: "none"}
	if out.Enabled {
		out.SSEType = "sse-kms"
	}
	return out, nil
}

func enableEncryptionByDefault(c *action.Call, _ *nothing) (*encryptionByDefault, error) {
	c.Mine().EncryptByDefault = true
	return &encryptionByDefault{Enabled: true}, nil
}

func disableEncryptionByDefault(c *action.Call, _ *nothing) (*encryptionByDefault, error) {
	c.Mine().EncryptByDefault = false
	return &encryptionByDefault{}, nil
}

type defaultKeyOutput struct {
	KMSKeyID string `xml:"kmsKeyId"`
}

// getDefaultKey gives alias/aws/ebs until the account chose a key, then its ARN.
func getDefaultKey(c *action.Call, _ *nothing) (*defaultKeyOutput, error) {
	return &defaultKeyOutput{KMSKeyID: first(c.Mine().DefaultKey, "alias/aws/ebs")}, nil
}

type modifyDefaultKeyInput struct {
	KMSKeyID string `q:"KmsKeyId,required"`
}

// modifyDefaultKey looks at the key at once.
func modifyDefaultKey(c *action.Call, in *modifyDefaultKeyInput) (*defaultKeyOutput, error) {
	key, err := usableKey(c, c.Region, in.KMSKeyID, authorize.Encrypt)
	if err != nil {
		return nil, err
	}
	c.Mine().DefaultKey = key.ARN
	return &defaultKeyOutput{KMSKeyID: key.ARN}, nil
}

func resetDefaultKey(c *action.Call, in *nothing) (*defaultKeyOutput, error) {
	c.Mine().DefaultKey = ""
	return getDefaultKey(c, in)
}
