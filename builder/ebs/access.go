package ebs

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// vaultPatience is how long AWS may refuse credentials that Vault has just made:
// they are known everywhere only after some seconds.
const vaultPatience = time.Minute

// credentials finds the Region and the credentials, those of Vault, of a role or of an
// MFA session included. The loader of amazon-ebs is not used: it panics when mfa_code
// is refused, and makes every other profile vanish when shared_credentials_file is set.
// The account is empty with skip_credential_validation.
func (c *Config) credentials(ctx context.Context) (_ aws.Config, account string, _ error) {
	if !c.VaultAWSEngine.Empty() {
		if err := c.GetCredsFromVault(); err != nil {
			return aws.Config{}, "", fmt.Errorf("vault_aws_engine: %w", err)
		}
	}
	cfg, err := config.LoadDefaultConfig(ctx, c.loadOptions()...)
	if err != nil {
		return cfg, "", fmt.Errorf("the AWS configuration could not be read: %w", err)
	}
	if cfg.Region == "" {
		return cfg, "", errors.New("region: no Region is set, neither here nor as AWS_REGION nor in the profile")
	}
	if err := c.assume(ctx, &cfg); err != nil {
		return cfg, "", err
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return cfg, "", fmt.Errorf("no usable AWS credentials: %w", err)
	}
	if c.SkipCredsValidation {
		return cfg, "", nil
	}
	account, err = c.awaitCredentials(ctx, c.clients(cfg, nil))
	return cfg, account, err
}

// clients gives clients that tell r what they make; a nil r is told nothing.
func (c *Config) clients(cfg aws.Config, r cloud.Recorder, more ...cloud.Option) *cloud.Clients {
	opts := append([]cloud.Option{cloud.WithEC2Endpoint(c.CustomEndpointEc2), cloud.WithMaxAttempts(c.MaxRetries)}, more...)
	if r != nil {
		opts = append(opts, cloud.WithRecorder(r))
	}
	return cloud.New(cfg, opts...)
}

func (c *Config) loadOptions() []func(*config.LoadOptions) error {
	var load []func(*config.LoadOptions) error
	if c.RawRegion != "" {
		load = append(load, config.WithRegion(c.RawRegion))
	}
	if c.ProfileName != "" {
		load = append(load, config.WithSharedConfigProfile(c.ProfileName))
	}
	if c.CredsFilename != "" {
		load = append(load, config.WithSharedCredentialsFiles([]string{c.CredsFilename}))
	}
	if c.AccessKey != "" {
		load = append(load, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(c.AccessKey, c.SecretKey, c.Token)))
	}
	if c.SkipMetadataApiCheck {
		load = append(load, config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	}
	if c.InsecureSkipTLSVerify {
		load = append(load, config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // what insecure_skip_tls_verify asks for
		})))
	}
	if c.MFACode != "" { // for a profile with role_arn and mfa_serial
		load = append(load, config.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) {
			o.TokenProvider = oneTime(c.MFACode)
		}))
	}
	return load
}

// assume replaces the credentials by those of assume_role, or of a session that
// mfa_code opened.
func (c *Config) assume(ctx context.Context, cfg *aws.Config) error {
	role := c.AssumeRole
	var serial string
	if c.MFACode != "" && (role.AssumeRoleARN != "" || c.ProfileName == "") {
		var err error
		if serial, err = mfaDevice(ctx, *cfg); err != nil {
			return err
		}
	}
	if role.AssumeRoleARN == "" {
		if serial == "" {
			return nil
		}
		out, err := sts.NewFromConfig(*cfg).GetSessionToken(ctx, &sts.GetSessionTokenInput{SerialNumber: &serial, TokenCode: &c.MFACode})
		if err != nil {
			return fmt.Errorf("mfa_code: open a session with device %s: %w", serial, err)
		}
		s := out.Credentials
		cfg.Credentials = credentials.NewStaticCredentialsProvider(aws.ToString(s.AccessKeyId), aws.ToString(s.SecretAccessKey), aws.ToString(s.SessionToken))
		return nil
	}
	provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(*cfg), role.AssumeRoleARN, func(o *stscreds.AssumeRoleOptions) {
		c.roleOptions(o)
		if serial != "" {
			o.SerialNumber, o.TokenProvider = &serial, oneTime(c.MFACode)
		}
	})
	cfg.Credentials = aws.NewCredentialsCache(provider, func(o *aws.CredentialsCacheOptions) {
		o.ExpiryWindow = 5 * time.Minute // a copy outlasts a session; renew before its end
	})
	return nil
}

func (c *Config) roleOptions(o *stscreds.AssumeRoleOptions) {
	role := c.AssumeRole
	o.RoleSessionName = role.AssumeRoleSessionName
	setDefault(&o.RoleSessionName, "goldenami")
	if role.AssumeRoleExternalID != "" {
		o.ExternalID = &role.AssumeRoleExternalID
	}
	if role.AssumeRoleDurationSeconds > 0 {
		o.Duration = time.Duration(role.AssumeRoleDurationSeconds) * time.Second
	}
	if role.AssumeRolePolicy != "" {
		o.Policy = &role.AssumeRolePolicy
	}
	for _, arn := range role.AssumeRolePolicyARNs {
		o.PolicyARNs = append(o.PolicyARNs, ststypes.PolicyDescriptorType{Arn: &arn})
	}
	for _, key := range sortedKeys(role.AssumeRoleTags) {
		o.Tags = append(o.Tags, ststypes.Tag{Key: &key, Value: aws.String(role.AssumeRoleTags[key])})
	}
	o.TransitiveTagKeys = role.AssumeRoleTransitiveTagKeys
}

// mfaDevice finds the caller's device: STS wants its serial number beside the code,
// and amazon-ebs has no option for it.
func mfaDevice(ctx context.Context, cfg aws.Config) (string, error) {
	out, err := iam.NewFromConfig(cfg).ListMFADevices(ctx, &iam.ListMFADevicesInput{})
	if err != nil {
		return "", fmt.Errorf("mfa_code: find your MFA device (iam:ListMFADevices): %w", err)
	}
	if len(out.MFADevices) != 1 {
		return "", fmt.Errorf("mfa_code: your user has %d MFA devices and it is not known which one is meant; use a profile with mfa_serial", len(out.MFADevices))
	}
	return aws.ToString(out.MFADevices[0].SerialNumber), nil
}

// oneTime gives the code once: STS takes no code a second time, so that a session
// that ends during the build cannot be renewed.
func oneTime(code string) func() (string, error) {
	var used atomic.Bool
	return func() (string, error) {
		if used.Swap(true) {
			return "", errors.New("mfa_code was used already and the session has ended; ask for a longer one with assume_role duration_seconds")
		}
		return code, nil
	}
}

// awaitCredentials has AWS say who the credentials belong to.
func (c *Config) awaitCredentials(ctx context.Context, clients *cloud.Clients) (account string, err error) {
	if c.VaultAWSEngine.Empty() {
		if account, err = clients.Account(ctx); err != nil {
			return "", fmt.Errorf("AWS does not take the credentials: %w", err)
		}
		return account, nil
	}
	err = patiently(ctx, vaultPatience, cloud.IsAuth, func(ctx context.Context) error {
		if account, err = clients.Account(ctx); err != nil {
			return fmt.Errorf("AWS does not take the credentials that Vault made: %w", err)
		}
		return nil
	})
	return account, err
}

// patiently repeats a call while its error is one that passes, with pauses from one
// to ten seconds, for as long as limit.
func patiently(ctx context.Context, limit time.Duration, passes func(error) bool, call func(context.Context) error) error {
	deadline := time.Now().Add(limit)
	for pause := time.Second; ; pause = min(2*pause, 10*time.Second) {
		err := call(ctx)
		if err == nil || !passes(err) || time.Now().Add(pause).After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}
