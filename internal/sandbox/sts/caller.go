package sts

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/authorize"
)

func init() { action.Add(Actions, "GetCallerIdentity", getCallerIdentity) }

type callerIdentity struct {
	ARN     string `xml:"Arn"`
	UserID  string `xml:"UserId"`
	Account string `xml:"Account"`
}

// getCallerIdentity needs no permission on AWS, so it is never refused.
func getCallerIdentity(c *action.Call, _ *struct{}) (*callerIdentity, error) {
	return &callerIdentity{ARN: c.Principal, UserID: authorize.CallerID(c), Account: c.Account}, nil
}
