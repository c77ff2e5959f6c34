package sts

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/authorize"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

func init() { action.Add(Actions, "DecodeAuthorizationMessage", decodeMessage) }

type decodeInput struct {
	Message string `q:"EncodedMessage,required"`
}

type decodeOutput struct {
	Message string `xml:"DecodedMessage"`
}

// decodeMessage opens what a denial of EC2 carries, for callers of the account
// that was denied.
func decodeMessage(c *action.Call, in *decodeInput) (*decodeOutput, error) {
	text, ok := authorize.Decode(c.Account, in.Message)
	if !ok {
		return nil, wire.Errorf("InvalidAuthorizationMessageException", "Message is invalid") // unverified: text
	}
	return &decodeOutput{Message: text}, nil
}
