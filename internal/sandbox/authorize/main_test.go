package authorize_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	here  = "us-east-1"
	there = "eu-west-1"
	home  = sandboxtest.Home
	other = sandboxtest.Partner
)

// cloud is an endpoint with the home account's first user, for whom no policy is
// set.
type cloud struct {
	*sandboxtest.Started
	t   *testing.T
	iam *iam.Client
	ec2 *ec2.Client
}

func start(t *testing.T) *cloud {
	t.Helper()
	s := sandboxtest.Start(t, sandbox.Options{})
	return &cloud{Started: s, t: t, iam: s.IAM(home), ec2: s.EC2(home, here)}
}

func must[T any](t *testing.T, out T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// document is a policy of statements.
func document(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// allow is a statement for actions on everything.
func allow(actions ...string) string {
	return `{"Effect":"Allow","Action":["` + strings.Join(actions, `","`) + `"],"Resource":"*"}`
}

// user makes a user of the home account, of the team images, with a policy and
// gives the configuration of its clients.
func (c *cloud) user(statements ...string) aws.Config {
	c.t.Helper()
	name := aws.String("builder")
	_, err := c.iam.CreateUser(c.t.Context(), &iam.CreateUserInput{UserName: name, Tags: []types.Tag{{Key: aws.String("Team"), Value: aws.String("images")}}})
	must(c.t, 0, err)
	c.allow(statements...)
	out, err := c.iam.CreateAccessKey(c.t.Context(), &iam.CreateAccessKeyInput{UserName: name})
	key := must(c.t, out, err).AccessKey
	return c.with(*key.AccessKeyId, *key.SecretAccessKey, "")
}

// allow replaces the policy of the user.
func (c *cloud) allow(statements ...string) {
	c.t.Helper()
	_, err := c.iam.PutUserPolicy(c.t.Context(), &iam.PutUserPolicyInput{
		UserName: aws.String("builder"), PolicyName: aws.String("p"), PolicyDocument: aws.String(document(statements...)),
	})
	must(c.t, 0, err)
}

func (c *cloud) with(id, secret, token string) aws.Config {
	config := c.Config(home, here)
	config.Credentials = credentials.NewStaticCredentialsProvider(id, secret, token)
	return config
}

// role makes a role of an account with a trust policy and, if any, a policy of
// statements.
func (c *cloud) role(account, name, trust string, statements ...string) string {
	c.t.Helper()
	api := c.IAM(account)
	out, err := api.CreateRole(c.t.Context(), &iam.CreateRoleInput{RoleName: aws.String(name), AssumeRolePolicyDocument: aws.String(document(trust))})
	must(c.t, out, err)
	if len(statements) > 0 {
		_, err := api.PutRolePolicy(c.t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String(name), PolicyName: aws.String("p"), PolicyDocument: aws.String(document(statements...))})
		must(c.t, 0, err)
	}
	return *out.Role.Arn
}

// assume gives the configuration of a session.
func (c *cloud) assume(as aws.Config, in *sts.AssumeRoleInput) (aws.Config, error) {
	c.t.Helper()
	if in.RoleSessionName == nil {
		in.RoleSessionName = aws.String("run")
	}
	out, err := sts.NewFromConfig(as).AssumeRole(c.t.Context(), in)
	if err != nil {
		return as, err
	}
	return c.with(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken), nil
}

// refused checks status, code and the whole message of a refusal; where the message
// ends with "message: ", what follows is encoded and given back.
func refused(t *testing.T, err error, status int, code, message string) string {
	t.Helper()
	var api smithy.APIError
	var response *awshttp.ResponseError
	if !errors.As(err, &api) || !errors.As(err, &response) {
		t.Fatalf("want %s, got %v", code, err)
	}
	got, encoded := api.ErrorMessage(), ""
	if at := strings.Index(got, encodedStart); at >= 0 {
		got, encoded = got[:at+len(encodedStart)], got[at+len(encodedStart):]
	}
	if response.HTTPStatusCode() != status || api.ErrorCode() != code || got != message {
		t.Errorf("want %d %s: %s\n got %d %s: %s", status, code, message, response.HTTPStatusCode(), api.ErrorCode(), got)
	}
	return encoded
}

const (
	encodedStart = "Encoded authorization failure message: "
	userARN      = "arn:aws:iam::" + home + ":user/builder"
)

// denied is EC2's text for a call that changes something.
func denied(who, action, resource, why string) string {
	return "You are not authorized to perform this operation. User: " + who + " is not authorized to perform: " + action + " on resource: " + resource + " " + why + ". " + encodedStart
}

func noIdentity(action string) string {
	return "because no identity-based policy allows the " + action + " action"
}

// vendor is the newest Amazon Linux image for x86_64.
func (c *cloud) vendor() string {
	c.t.Helper()
	out, err := c.ec2.DescribeImages(c.t.Context(), &ec2.DescribeImagesInput{Owners: []string{"amazon"}, Filters: named("al2023-ami-2023*x86_64")})
	return *must(c.t, out, err).Images[0].ImageId
}

// key makes a KMS key of the home account.
func (c *cloud) key(policy string) string {
	c.t.Helper()
	in := &kms.CreateKeyInput{}
	if policy != "" {
		in.Policy = aws.String(policy)
	}
	out, err := c.KMS(home, here).CreateKey(c.t.Context(), in)
	return *must(c.t, out, err).KeyMetadata.Arn
}
