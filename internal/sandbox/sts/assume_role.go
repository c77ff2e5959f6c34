package sts

import (
	"net/http"
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
	SerialNumber   string   `q:"SerialNumber"`
	TokenCode      string   `q:"TokenCode"`
}

type assumeRoleOutput struct {
	Credentials credentials `xml:"Credentials"`
	User        assumedUser `xml:"AssumedRoleUser"`
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
	seconds := int64(3600)
	if in.Duration != nil {
		seconds = *in.Duration
	}
	if seconds < 900 || seconds > 43200 {
		return nil, wire.Errorf("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	account := c.World.Account(parts[1])
	role := roleOf(c.World, account, parts[3])
	if role == nil || !trusts(role.TrustPolicy, c.Account, c.Principal, in.ExternalID) {
		return nil, wire.Errorf("AccessDenied", "User: %s is not authorized to perform: sts:AssumeRole on resource: %s", c.Principal, in.RoleARN).WithStatus(http.StatusForbidden)
	}
	expires := c.Now.Add(time.Duration(seconds) * time.Second)
	arn := "arn:aws:sts::" + account.ID + ":assumed-role/" + role.Name + "/" + in.SessionName
	key := c.World.NewSession(account.ID, arn, expires)
	return &assumeRoleOutput{
		Credentials: credentials{AccessKeyID: key.ID, Secret: key.Secret, Token: key.Session, Expiration: wire.Time(expires)},
		User:        assumedUser{ID: role.ID + ":" + in.SessionName, ARN: arn},
	}, nil
}

// organizationRole is the role that AWS Organizations makes in every account of
// an organization, trusting the management account: here, the home account.
const organizationRole = "OrganizationAccountAccessRole"

func roleOf(w *world.World, account *world.Account, name string) *world.Role {
	if role := account.Roles[name]; role != nil || name != organizationRole || account.ID == world.HomeAccount {
		return role
	}
	return &world.Role{
		Entity: world.Entity{
			Name: name, ID: "AROA" + account.ID, ARN: "arn:aws:iam::" + account.ID + ":role/" + name, Path: "/", Created: w.Now(),
		},
		TrustPolicy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::` + world.HomeAccount + `:root"}}]}`,
	}
}
