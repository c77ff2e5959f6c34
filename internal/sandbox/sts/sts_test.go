package sts_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must[T any](t *testing.T, out T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func refused(t *testing.T, err error, status int, code, message string) {
	t.Helper()
	var api smithy.APIError
	var response *awshttp.ResponseError
	if !errors.As(err, &api) || !errors.As(err, &response) {
		t.Fatalf("want %s, got %v", code, err)
	}
	if response.HTTPStatusCode() != status || api.ErrorCode() != code || api.ErrorMessage() != message {
		t.Errorf("want %d %s: %s\n got %d %s: %s", status, code, message, response.HTTPStatusCode(), api.ErrorCode(), api.ErrorMessage())
	}
}

// with is the configuration of a Region with temporary credentials.
func with(s *sandboxtest.Started, c *types.Credentials, region string) aws.Config {
	cfg := s.Config(sandboxtest.Home, region)
	cfg.Credentials = credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	return cfg
}

func TestSessionTokensAreTheUsers(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	c := s.STS(sandboxtest.Home, "eu-west-1")
	token := func(c *sts.Client, seconds int32) (*sts.GetSessionTokenOutput, error) {
		return c.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(seconds)})
	}
	_, err := token(c, 60)
	refused(t, err, 400, "ValidationError", "1 validation error detected: Value '60' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900")
	out, err := token(c, 900)
	session := sts.NewFromConfig(with(s, must(t, out, err).Credentials, "eu-west-1"))
	who, err := session.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if *must(t, who, err).Arn != "arn:aws:iam::"+sandboxtest.Home+":user/sandbox" {
		t.Errorf("the session is %s", *who.Arn)
	}
	_, err = token(session, 900)
	refused(t, err, 403, "AccessDenied", "Cannot call GetSessionToken with session credentials")
	info, err := s.STS(sandboxtest.Partner, "eu-west-1").GetAccessKeyInfo(t.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: out.Credentials.AccessKeyId})
	if *must(t, info, err).Account != sandboxtest.Home {
		t.Errorf("the key is of %s", *info.Account)
	}
}

// A token of the global endpoint is refused in opt-in Regions, one of a Region's own
// endpoint is not, nor is one of version 2.
func TestTokensOfTheGlobalEndpointInOptInRegions(t *testing.T) {
	t.Parallel()
	const optIn = "ap-east-1"
	s := sandboxtest.Start(t, sandbox.Options{})
	s.World().Do(func() { s.World().Account(sandboxtest.Home).OptIn(optIn, true) })
	call := func(from string) error {
		out, err := s.STS(sandboxtest.Home, from).GetSessionToken(t.Context(), &sts.GetSessionTokenInput{})
		c := must(t, out, err).Credentials
		if _, err := ec2.NewFromConfig(with(s, c, "eu-west-1")).DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{}); err != nil {
			t.Errorf("in a Region for everyone: %v", err)
		}
		_, err = ec2.NewFromConfig(with(s, c, optIn)).DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{})
		return err
	}
	refused(t, call("us-east-1"), 401, "AuthFailure", "AWS was not able to validate the provided access credentials")
	if err := call("eu-west-1"); err != nil {
		t.Errorf("a token of a Region's endpoint: %v", err)
	}
	_, err := s.IAM(sandboxtest.Home).SetSecurityTokenServicePreferences(t.Context(), &iam.SetSecurityTokenServicePreferencesInput{GlobalEndpointTokenVersion: iamtypes.GlobalEndpointTokenVersionV2Token})
	must(t, 0, err)
	if err := call("us-east-1"); err != nil {
		t.Errorf("a token of version 2: %v", err)
	}
}

// STS does not know a new role for a while, and says so as of one that is not there.
func TestANewRoleCannotBeAssumedAtOnce(t *testing.T) {
	t.Parallel()
	clock := sandboxtest.NewClock()
	s := sandboxtest.Start(t, sandbox.Options{Clock: clock, Delays: world.Delays{Identity: world.Duration(16 * time.Second)}})
	role, err := s.IAM(sandboxtest.Partner).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("golden"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["sts:AssumeRole","sts:SetSourceIdentity"],"Principal":{"AWS":"` + sandboxtest.Home + `"}}}`)})
	must(t, role, err)
	assume := func() error {
		out, err := s.STS(sandboxtest.Home, "us-east-1").AssumeRole(t.Context(), &sts.AssumeRoleInput{
			RoleArn: role.Role.Arn, RoleSessionName: aws.String("build"), SourceIdentity: aws.String("alice"),
		})
		if err == nil && *out.SourceIdentity != "alice" {
			t.Errorf("source identity: %+v", out)
		}
		return err
	}
	refused(t, assume(), 403, "AccessDenied", "User: arn:aws:iam::"+sandboxtest.Home+":user/sandbox is not authorized to perform: sts:AssumeRole on resource: "+*role.Role.Arn)
	clock.Pass(16 * time.Second)
	if err := assume(); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}
