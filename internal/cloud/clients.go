package cloud

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Clients makes and keeps the AWS clients of one principal. It is safe for
// concurrent use.
type Clients struct {
	base      aws.Config
	settings  settings
	principal string // role ARN, empty for the caller's own credentials

	mu      sync.Mutex
	made    map[clientKey]any
	account string
}

type clientKey struct{ service, region string }

// Option changes how [New] makes clients.
type Option func(*settings)

type settings struct {
	recorder       Recorder
	ec2Endpoint    string
	maxAttempts    int
	attemptTimeout time.Duration
	account        string
	backoff        func(attempt int, err error) (time.Duration, error)
}

// WithRecorder has every create and delete call told to r.
func WithRecorder(r Recorder) Option { return func(s *settings) { s.recorder = r } }

// WithEC2Endpoint sends EC2's calls of every Region to url (the option
// custom_endpoint_ec2). An empty url changes nothing.
func WithEC2Endpoint(url string) Option { return func(s *settings) { s.ec2Endpoint = url } }

// WithAccount says whose credentials these are, where that is known, so that nobody
// asks again. An empty id says nothing.
func WithAccount(id string) Option { return func(s *settings) { s.account = id } }

// WithMaxAttempts sets how often a call is tried, the first time included. Zero
// keeps what cfg asks for, or 10.
func WithMaxAttempts(n int) Option { return func(s *settings) { s.maxAttempts = n } }

// WithAttemptTimeout sets how long one attempt may take, answer included; the
// default is 30 s.
func WithAttemptTimeout(d time.Duration) Option {
	return func(s *settings) { s.attemptTimeout = d }
}

// New gives clients on the credentials and default Region of cfg. It makes no
// call.
func New(cfg aws.Config, opts ...Option) *Clients {
	s := settings{attemptTimeout: 30 * time.Second}
	for _, o := range opts {
		o(&s)
	}
	if s.maxAttempts <= 0 {
		s.maxAttempts = attemptsAskedFor(cfg)
	}
	return &Clients{base: cfg, settings: s, made: map[clientKey]any{}, account: s.account}
}

// Region is the default Region, the one the image is built in.
func (c *Clients) Region() string { return c.base.Region }

// Config gives the configuration for a Region, default Region if empty. Clients
// that foreign code makes from it behave as this package's own: retries, attempt
// timeout, custom EC2 endpoint, recorder.
func (c *Clients) Config(region string) aws.Config {
	cfg := c.base.Copy()
	if region != "" {
		cfg.Region = region
	}
	cfg.RetryMaxAttempts = 0         // said by the retryer, which the service clients would wrap again
	cfg.Retryer = c.settings.retryer // one per client: it holds no state worth sharing
	// Copy shares the slices: appending in place would write to the caller's.
	cfg.APIOptions = append(cfg.APIOptions[:len(cfg.APIOptions):len(cfg.APIOptions)], c.instrument)
	cfg.ServiceOptions = append(cfg.ServiceOptions[:len(cfg.ServiceOptions):len(cfg.ServiceOptions)], c.serviceOptions)
	return cfg
}

// EC2 gives the client of a Region, default Region if empty.
func (c *Clients) EC2(region string) *ec2.Client {
	return client(c, "EC2", region, func(cfg aws.Config) *ec2.Client { return ec2.NewFromConfig(cfg) })
}

// KMS gives the client of a Region, default Region if empty.
func (c *Clients) KMS(region string) *kms.Client {
	return client(c, "KMS", region, func(cfg aws.Config) *kms.Client { return kms.NewFromConfig(cfg) })
}

// STS gives the client of a Region, default Region if empty. It is the Regional
// endpoint, whose session tokens are good in opt-in Regions too; those of the
// global endpoint are not (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_region-endpoints.html).
func (c *Clients) STS(region string) *sts.Client {
	return client(c, "STS", region, func(cfg aws.Config) *sts.Client { return sts.NewFromConfig(cfg) })
}

// SSM gives the client of a Region, default Region if empty.
func (c *Clients) SSM(region string) *ssm.Client {
	return client(c, "SSM", region, func(cfg aws.Config) *ssm.Client { return ssm.NewFromConfig(cfg) })
}

// Pricing gives the client of the Price List in a Region that serves it.
func (c *Clients) Pricing(region string) *pricing.Client {
	return client(c, "Pricing", region, func(cfg aws.Config) *pricing.Client { return pricing.NewFromConfig(cfg) })
}

// IAM gives the client of the default Region's partition.
func (c *Clients) IAM() *iam.Client {
	return client(c, "IAM", "", func(cfg aws.Config) *iam.Client { return iam.NewFromConfig(cfg) })
}

func client[T any](c *Clients, service, region string, build func(aws.Config) T) T {
	if region == "" {
		region = c.Region()
	}
	key := clientKey{service, region}
	c.mu.Lock()
	defer c.mu.Unlock()
	if have, ok := c.made[key].(T); ok {
		return have
	}
	fresh := build(c.Config(region))
	c.made[key] = fresh
	return fresh
}

// Account gives the 12 digits of the account that the credentials belong to, by
// sts:GetCallerIdentity, which needs no permission. It asks once.
func (c *Clients) Account(ctx context.Context) (string, error) {
	if have := c.knownAccount(); have != "" {
		return have, nil
	}
	out, err := c.STS("").GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", fmt.Errorf("whose credentials these are could not be found out: %w", err)
	}
	id := aws.ToString(out.Account)
	if !ValidAccountID(id) {
		return "", errors.New("sts:GetCallerIdentity answered without an account id")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.account = id
	return id, nil
}

// Endpoint is the URL of EC2 in the default Region, empty for AWS's own.
func (c *Clients) Endpoint() string { return aws.ToString(c.EC2("").Options().BaseEndpoint) }

func (c *Clients) knownAccount() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.account
}
