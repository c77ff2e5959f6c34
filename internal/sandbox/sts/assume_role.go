package sts

import (
	"regexp"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { action.Add(Actions, "AssumeRole", assumeRole) }

type assumeRoleInput struct {
	RoleARN     string `q:"RoleArn,required"`
	SessionName string `q:"RoleSessionName,required"`
	Duration    *int64 `q:"DurationSeconds"`
	ExternalID  string `q:"ExternalId"`
	Policy      string `q:"Policy"`
	PolicyARNs  []struct {
		ARN string `q:"arn"`
	} `q:"PolicyArns"`
	Tags []struct {
		Key   string `q:"Key"`
		Value string `q:"Value"`
	} `q:"Tags"`
	TransitiveKeys []string `q:"TransitiveTagKeys"`
	SourceIdentity string   `q:"SourceIdentity"`
	// SerialNumber and TokenCode are of an MFA device, of which no user here has one.
	SerialNumber string `q:"SerialNumber"`
	TokenCode    string `q:"TokenCode"`
}

type assumeRoleOutput struct {
	Credentials credentials `xml:"Credentials"`
	User        assumedUser `xml:"AssumedRoleUser"`
	Identity    string      `xml:"SourceIdentity,omitempty"`
}

type credentials struct {
	AccessKeyID string    `xml:"AccessKeyId"`
	Secret      string    `xml:"SecretAccessKey"`
	Token       string    `xml:"SessionToken"`
	Expiration  wire.Time `xml:"Expiration"`
}

type assumedUser struct {
	ID  string `xml:"AssumedRoleId"`
	ARN string `xml:"Arn"`
}

var (
	roleARN     = regexp.MustCompile(`^arn:aws:iam::(\d{12}):role/((?:[\w+=,.@-]+/)*)([\w+=,.@-]{1,64})$`)
	sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
)

// assumeRole gives temporary credentials of a role whose trust policy names the
// caller. A role that does not exist is denied in the same words as one that
// does not trust, as on AWS.
func assumeRole(c *action.Call, in *assumeRoleInput) (*assumeRoleOutput, error) {
	parts := roleARN.FindStringSubmatch(in.RoleARN)
	if parts == nil {
		return nil, wire.Errorf("ValidationError", "%s is invalid", in.RoleARN)
	}
	if !sessionName.MatchString(in.SessionName) {
		return nil, wire.Errorf("ValidationError", "1 validation error detected: Value '%s' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*", in.SessionName)
	}
	account := c.World.Account(parts[1])
	role := roleOf(account, parts[3])
	if role != nil && c.Now.Before(role.Created.Add(time.Duration(c.World.Delays.In(c.Region).Identity))) {
		role = nil // STS does not know it yet
	}
	asked, err := in.session(c, account.ID, role)
	if err != nil {
		return nil, err
	}
	seconds, err := in.seconds(role, asked.chained)
	if err != nil {
		return nil, err
	}
	expires := c.Now.Add(time.Duration(seconds) * time.Second)
	arn := "arn:aws:sts::" + account.ID + ":assumed-role/" + role.Name + "/" + in.SessionName
	key := c.World.NewSession(account.ID, arn, expires)
	asked.keep(key)
	key.Created, key.DefaultRegionsOnly = c.Now, firstVersion(c)
	role.LastUsed, role.LastUsedRegion = c.Now, c.Region
	return &assumeRoleOutput{
		Credentials: credentials{AccessKeyID: key.ID, Secret: key.Secret, Token: key.Session, Expiration: wire.Time(expires)},
		User:        assumedUser{ID: role.ID + ":" + in.SessionName, ARN: arn},
		Identity:    asked.sourceIdentity,
	}, nil
}

// seconds is how long the session is to last: an hour where nothing is said, at
// most what the role allows, and at most an hour for a session that a session
// starts.
func (in *assumeRoleInput) seconds(role *world.Role, chained bool) (int64, error) {
	const hour = 3600
	seconds := int64(hour)
	if in.Duration != nil {
		seconds = *in.Duration
	}
	switch {
	case seconds < 900:
		return 0, wire.Errorf("ValidationError", "1 validation error detected: Value '%d' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900", seconds)
	case chained && seconds > hour:
		return 0, wire.Errorf("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	case seconds > role.MaxSessionSeconds():
		return 0, wire.Errorf("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return seconds, nil
}
