//go:generate packer-sdc struct-markdown
//go:generate packer-sdc mapstructure-to-hcl2 -type Access,AssumeRole

package cloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
)

// Access is how a component reaches AWS. What is left out comes from where the
// AWS CLI takes it: environment, shared configuration files, container and
// instance roles. The names are those of amazon-ebs.
type Access struct {
	// The Region that is worked in when nothing else names one, such as
	// `eu-west-1`. The default is that of the environment (`AWS_REGION`) or of
	// the profile.
	Region string `mapstructure:"region" required:"false"`
	// The profile of the shared configuration files. The default is `AWS_PROFILE`,
	// or `default`. It cannot be set together with `access_key`.
	Profile string `mapstructure:"profile" required:"false"`
	// The access key id. It needs `secret_key`. A profile or a role is the better
	// choice: a key in a template is a key in a repository.
	AccessKey string `mapstructure:"access_key" required:"false"`
	// The secret of `access_key`.
	SecretKey string `mapstructure:"secret_key" required:"false"`
	// The session token, where `access_key` is a temporary one.
	Token string `mapstructure:"token" required:"false"`
	// A role to act as. The credentials above are used to assume it.
	AssumeRole AssumeRole `mapstructure:"assume_role" required:"false"`
	// The URL that EC2's calls go to, in every Region, such as that of an interface
	// endpoint or of a local endpoint. It must be https, or http on a loopback
	// address. Other services are not changed; for all at once there is
	// `AWS_ENDPOINT_URL`.
	CustomEndpointEC2 string `mapstructure:"custom_endpoint_ec2" required:"false"`
	// How often an API call is tried, the first time included, when AWS throttles
	// it or fails. The default is 10; between two attempts are up to 20 seconds.
	MaxRetries int `mapstructure:"max_retries" required:"false"`
}

// AssumeRole is a role to act as.
type AssumeRole struct {
	// The ARN of the role, `arn:aws:iam::111122223333:role/name`.
	RoleARN string `mapstructure:"role_arn" required:"true"`
	// What CloudTrail shows as the session's name. The default is `goldenami`.
	SessionName string `mapstructure:"session_name" required:"false"`
	// The external id that the role's trust policy asks for.
	ExternalID string `mapstructure:"external_id" required:"false"`
	// How long one session lasts, `15m` to `12h`; it is renewed in time. The default
	// is `1h`, and a role that is assumed from another role allows no more.
	Duration time.Duration `mapstructure:"duration" required:"false"`
}

const defaultSessionName = "goldenami"

var (
	roleShape       = regexp.MustCompile(`^arn:aws(-[a-z]+)*:iam::\d{12}:role/[\w+=,.@/-]{1,576}$`)
	sessionShape    = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
	externalIDShape = regexp.MustCompile(`^[\w+=,.@:/-]+$`)
)

// Prepare checks the options and makes no call. Each error names its option.
func (a *Access) Prepare() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if a.Region != "" && !ValidRegion(a.Region) {
		bad("region: %q is not the name of a Region, such as eu-west-1", a.Region)
	}
	if (a.AccessKey == "") != (a.SecretKey == "") {
		bad("access_key and secret_key must be set together")
	}
	if a.Token != "" && a.AccessKey == "" {
		bad("token: it belongs to access_key and secret_key, which are not set")
	}
	if a.Profile != "" && a.AccessKey != "" {
		bad("profile: it cannot be set together with access_key; leave one out")
	}
	if a.MaxRetries < 0 {
		bad("max_retries: %d is negative; leave it out for the default of %d", a.MaxRetries, defaultAttempts)
	}
	if err := checkEndpoint(a.CustomEndpointEC2); err != nil {
		bad("custom_endpoint_ec2: %w", err)
	}
	return append(errs, a.AssumeRole.prepare()...)
}

func (r *AssumeRole) prepare() []error {
	if *r == (AssumeRole{}) {
		return nil
	}
	var errs []error
	if !roleShape.MatchString(r.RoleARN) {
		errs = append(errs, fmt.Errorf("assume_role: role_arn: %q is not the ARN of a role, such as arn:aws:iam::111122223333:role/name", r.RoleARN))
	}
	if r.SessionName != "" && !sessionShape.MatchString(r.SessionName) {
		errs = append(errs, fmt.Errorf("assume_role: session_name: %q must be 2 to 64 letters, digits or _+=,.@-", r.SessionName))
	}
	if n := len(r.ExternalID); n > 0 && (n < 2 || n > 1224 || !externalIDShape.MatchString(r.ExternalID)) {
		errs = append(errs, errors.New("assume_role: external_id must be 2 to 1224 letters, digits or _+=,.@:/-"))
	}
	if r.Duration != 0 && (r.Duration < 15*time.Minute || r.Duration > 12*time.Hour) {
		errs = append(errs, fmt.Errorf("assume_role: duration: %s is not between 15m and 12h", r.Duration))
	}
	return errs
}

// checkEndpoint refuses what would send credentials or signed requests in clear.
func checkEndpoint(s string) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return errors.New("it must be a URL such as https://vpce-0abc.ec2.eu-west-1.vpce.amazonaws.com")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("the URL may hold no user, query or fragment")
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	if u.Scheme == "http" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("plain http is for loopback addresses only; use https for %s", host)
	}
	return nil
}

// Clients finds the credentials and gives clients. It fails when there are no
// credentials or no Region; whether AWS takes them the first call tells.
func (a *Access) Clients(ctx context.Context, opts ...Option) (*Clients, error) {
	var load []func(*config.LoadOptions) error
	if a.Region != "" {
		load = append(load, config.WithRegion(a.Region))
	}
	if a.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(a.Profile))
	}
	if a.AccessKey != "" {
		load = append(load, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(a.AccessKey, a.SecretKey, a.Token)))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, fmt.Errorf("the AWS configuration could not be read: %w", err)
	}
	if cfg.Region == "" {
		return nil, errors.New("no Region: set the option region, the variable AWS_REGION, or a region in the profile")
	}
	opts = append([]Option{WithEC2Endpoint(a.CustomEndpointEC2), WithMaxAttempts(a.MaxRetries)}, opts...)
	clients := New(cfg, opts...)
	if a.AssumeRole.RoleARN != "" {
		clients = clients.As(a.AssumeRole)
	}
	if _, err := clients.base.Credentials.Retrieve(ctx); err != nil {
		return nil, fmt.Errorf("no usable AWS credentials: %w", err)
	}
	return clients, nil
}

// As gives clients that act as a role, with the same settings and recorder. The
// role is assumed at the first call and again before a session ends.
func (c *Clients) As(role AssumeRole) *Clients {
	provider := stscreds.NewAssumeRoleProvider(c.STS(""), role.RoleARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = role.SessionName
		if o.RoleSessionName == "" {
			o.RoleSessionName = defaultSessionName
		}
		if role.ExternalID != "" {
			o.ExternalID = &role.ExternalID
		}
		o.Duration = role.Duration
		if o.Duration == 0 {
			o.Duration = time.Hour
		}
	})
	cfg := c.base.Copy()
	cfg.Credentials = aws.NewCredentialsCache(provider, func(o *aws.CredentialsCacheOptions) {
		// A copy may be waited for longer than a session lasts; renew before its end.
		o.ExpiryWindow = 5 * time.Minute
	})
	as := &Clients{base: cfg, settings: c.settings, principal: role.RoleARN, made: map[clientKey]any{}}
	return as
}
