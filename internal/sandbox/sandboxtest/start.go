package sandboxtest

import (
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// Home is the account whose keys the endpoint hands out; Partner is another one.
const (
	Home    = world.HomeAccount
	Partner = "111122223333"
)

// Started is an endpoint that serves until the end of its test.
type Started struct {
	*sandbox.Endpoint
	// URL is the endpoint's address, http://127.0.0.1:PORT.
	URL string
}

// Start serves an endpoint on a free port of the loopback interface. The end of
// the test stops it, its instances included.
func Start(tb testing.TB, o sandbox.Options) *Started {
	tb.Helper()
	endpoint, err := sandbox.New(o)
	if err != nil {
		tb.Fatalf("make the endpoint: %v", err)
	}
	server := httptest.NewServer(endpoint)
	tb.Cleanup(func() {
		endpoint.LetGo()
		server.Close()
		if err := endpoint.Close(); err != nil {
			tb.Errorf("close the endpoint: %v", err)
		}
	})
	return &Started{Endpoint: endpoint, URL: server.URL}
}

// Config is the configuration of a client of an account in a Region, without
// retries, so that a test sees each refusal once.
func (s *Started) Config(account, region string) aws.Config {
	key := s.World().Credentials(account)
	return aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(s.URL),
		Credentials:  credentials.NewStaticCredentialsProvider(key.ID, key.Secret, ""),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
		APIOptions:   []func(*middleware.Stack) error{cloud.PlainBody},
	}
}

// EC2 is a client of EC2.
func (s *Started) EC2(account, region string) *ec2.Client {
	return ec2.NewFromConfig(s.Config(account, region))
}

// KMS is a client of KMS.
func (s *Started) KMS(account, region string) *kms.Client {
	return kms.NewFromConfig(s.Config(account, region))
}

// SSM is a client of SSM.
func (s *Started) SSM(account, region string) *ssm.Client {
	return ssm.NewFromConfig(s.Config(account, region))
}

// STS is a client of STS.
func (s *Started) STS(account, region string) *sts.Client {
	return sts.NewFromConfig(s.Config(account, region))
}

// IAM is a client of IAM, whose one Region is us-east-1.
func (s *Started) IAM(account string) *iam.Client {
	return iam.NewFromConfig(s.Config(account, "us-east-1"))
}
