package sts

import (
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
)

func init() { action.Add(Actions, "GetCallerIdentity", getCallerIdentity) }

type callerIdentity struct {
	ARN     string `xml:"Arn"`
	UserID  string `xml:"UserId"`
	Account string `xml:"Account"`
}

// getCallerIdentity needs no permission on AWS, so it is never refused.
func getCallerIdentity(c *action.Call, _ *struct{}) (*callerIdentity, error) {
	id := "AIDA" + c.Account
	if _, session, assumed := strings.Cut(c.Principal, ":assumed-role/"); assumed {
		_, name, _ := strings.Cut(session, "/")
		id = "AROA" + c.Account + ":" + name
	}
	return &callerIdentity{ARN: c.Principal, UserID: id, Account: c.Account}, nil
}
