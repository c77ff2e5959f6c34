package sts

import (
	"net/http"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { action.Add(Actions, "GetSessionToken", getSessionToken) }

type getSessionTokenInput struct {
	Duration *int64 `q:"DurationSeconds"`
	// SerialNumber and TokenCode are of an MFA device, of which no user here has one.
	SerialNumber string `q:"SerialNumber"`
	TokenCode    string `q:"TokenCode"`
}

type getSessionTokenOutput struct {
	Credentials credentials `xml:"Credentials"`
}

// The bounds of a session token's life in seconds (STS API reference).
const (
	shortestToken = 900
	longestToken  = 129600
	usualToken    = 43200
)

// getSessionToken gives temporary credentials of the calling user.
func getSessionToken(c *action.Call, in *getSessionTokenInput) (*getSessionTokenOutput, error) {
	seconds := int64(usualToken)
	if in.Duration != nil {
		seconds = *in.Duration
	}
	switch {
	case seconds < shortestToken:
		return nil, wire.Errorf("ValidationError", "1 validation error detected: Value '%d' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to %d", seconds, shortestToken)
	case seconds > longestToken:
		return nil, wire.Errorf("ValidationError", "1 validation error detected: Value '%d' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to %d", seconds, longestToken)
	case bySession(c):
		return nil, wire.Errorf("AccessDenied", "Cannot call GetSessionToken with session credentials").WithStatus(http.StatusForbidden)
	case in.SerialNumber != "" || in.TokenCode != "":
		return nil, wire.Errorf("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ").WithStatus(http.StatusForbidden)
	}
	expires := c.Now.Add(time.Duration(seconds) * time.Second)
	key := c.World.NewSession(c.Account, c.Principal, expires)
	key.Created, key.DefaultRegionsOnly = c.Now, firstVersion(c)
	return &getSessionTokenOutput{credentials{AccessKeyID: key.ID, Secret: key.Secret, Token: key.Session, Expiration: wire.Time(expires)}}, nil
}

// bySession tells whether the caller uses temporary credentials already.
func bySession(c *action.Call) bool {
	_, key, known := c.World.Authenticate(c.AccessKeyID)
	return known && key.Session != "" || strings.Contains(c.Principal, ":assumed-role/")
}

// globalRegion is the Region in whose name the global endpoint, sts.amazonaws.com,
// takes signatures. All clients reach this endpoint at one address, so that a call
// signed for this Region counts as one of the global endpoint.
const globalRegion = "us-east-1"

// firstVersion tells whether a token made by the call has version 1, which opt-in
// Regions refuse: the global endpoint gives it, unless the account asked for
// version 2 (IAM's SetSecurityTokenServicePreferences).
func firstVersion(c *action.Call) bool {
	return c.Region == globalRegion && c.World.Account(c.Account).GlobalTokenVersion != world.TokenVersion2
}

func init() { action.Add(Actions, "GetAccessKeyInfo", getAccessKeyInfo) }

type getAccessKeyInfoInput struct {
	ID string `q:"AccessKeyId,required"`
}

type getAccessKeyInfoOutput struct {
	Account string `xml:"Account"`
}

// getAccessKeyInfo tells the account of an access key, also of another account's.
func getAccessKeyInfo(c *action.Call, in *getAccessKeyInfoInput) (*getAccessKeyInfoOutput, error) {
	account, _, known := c.World.Authenticate(in.ID)
	if !known {
		return nil, wire.Errorf("ValidationError", "The access key %s does not belong to an account of this endpoint.", in.ID) // unverified: code and text
	}
	return &getAccessKeyInfoOutput{account.ID}, nil
}
