package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

func TestUnknownCredentialsAndRegionsAreRefused(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	stranger := s.Config(sandboxtest.Home, "us-east-1")
	stranger.Credentials = credentials.NewStaticCredentialsProvider("AKIAAAAAAAAAAAAAAAAA", "x", "")
	_, err := ec2.NewFromConfig(stranger).DescribeRegions(context.Background(), &ec2.DescribeRegionsInput{})
	wantCode(t, err, "AuthFailure")
	_, err = sts.NewFromConfig(stranger).GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{})
	wantCode(t, err, "InvalidClientTokenId")
	_, err = s.EC2(sandboxtest.Home, "af-south-1").DescribeRegions(context.Background(), &ec2.DescribeRegionsInput{})
	wantCode(t, err, "AuthFailure")
}

// raw makes a call that no SDK would make.
func raw(t *testing.T, s *sandboxtest.Started, form string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.URL, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	key := s.World().Credentials(sandboxtest.Home)
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key.ID+"/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var body bytes.Buffer
	if _, err := body.ReadFrom(answer.Body); err != nil {
		t.Fatal(err)
	}
	return body.String()
}

func TestUnknownActionsAndParametersAreNeverSilent(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	if got := raw(t, s, "Action=MakeCoffee&Version=2016-11-15"); !strings.Contains(got, "<Code>InvalidAction</Code>") || !strings.Contains(got, "MakeCoffee") {
		t.Errorf("unknown action: %s", got)
	}
	if got := raw(t, s, "Action=DescribeRegions&Version=2016-11-15&Colour=red"); !strings.Contains(got, "<Code>UnknownParameter</Code><Message>The parameter Colour is not recognized") {
		t.Errorf("unknown parameter: %s", got)
	}
}

func TestRolesAreAssumedAcrossAccounts(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	home := s.STS(sandboxtest.Home, "us-east-1")
	assume := func(role, externalID string) (*sts.AssumeRoleOutput, error) {
		in := &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + sandboxtest.Partner + ":role/" + role), RoleSessionName: aws.String("build")}
		if externalID != "" {
			in.ExternalId = aws.String(externalID)
		}
		return home.AssumeRole(context.Background(), in)
	}
	_, err := assume("golden", "secret")
	wantCode(t, err, "AccessDenied")
	_, err = s.IAM(sandboxtest.Partner).CreateRole(context.Background(), &iam.CreateRoleInput{
		RoleName: aws.String("golden"),
		AssumeRolePolicyDocument: aws.String(`{"Statement":[{"Effect":"Allow","Action":["sts:AssumeRole"],"Principal":{"AWS":"arn:aws:iam::` + sandboxtest.Home +
			`:root"},"Condition":{"StringEquals":{"sts:ExternalId":"secret"}}}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = assume("golden", "wrong")
	wantCode(t, err, "AccessDenied")
	out, err := assume("golden", "secret")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := assume("OrganizationAccountAccessRole", ""); err != nil {
		t.Errorf("the organization's role trusts the home account: %v", err)
	}
	there := s.Config(sandboxtest.Home, "us-east-1")
	there.Credentials = credentials.NewStaticCredentialsProvider(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	who, err := sts.NewFromConfig(there).GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{})
	if err != nil || *who.Account != sandboxtest.Partner || !strings.HasSuffix(*who.Arn, ":assumed-role/golden/build") {
		t.Errorf("got %+v, %v", who, err)
	}
}

func TestTemporaryCredentialsExpire(t *testing.T) {
	t.Parallel()
	clock := sandboxtest.NewClock()
	s := sandboxtest.Start(t, sandbox.Options{Clock: clock})
	out, err := s.STS(sandboxtest.Home, "us-east-1").AssumeRole(context.Background(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + sandboxtest.Partner + ":role/OrganizationAccountAccessRole"), RoleSessionName: aws.String("build"), DurationSeconds: aws.Int32(900),
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := s.Config(sandboxtest.Home, "us-east-1")
	cfg.Credentials = credentials.NewStaticCredentialsProvider(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	clock.Pass(20 * time.Minute)
	_, err = ec2.NewFromConfig(cfg).DescribeRegions(context.Background(), &ec2.DescribeRegionsInput{})
	wantCode(t, err, "RequestExpired")
}

func TestCallsAreLoggedWithoutSecrets(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := sandboxtest.Start(t, sandbox.Options{Log: &log})
	c := s.EC2(sandboxtest.Home, "us-east-1")
	_, err := c.RunInstances(context.Background(), &ec2.RunInstancesInput{
		ImageId: aws.String("ami-0123456789abcdef0"), InstanceType: "t3.micro", MinCount: aws.Int32(1), MaxCount: aws.Int32(1), UserData: aws.String("aHVudGVyMg=="),
	})
	wantCode(t, err, "InvalidAMIID.NotFound")
	var line sandbox.CallRecord
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatalf("%v in %s", err, log.String())
	}
	if line.Service != "ec2" || line.Action != "RunInstances" || line.Region != "us-east-1" || line.Account != sandboxtest.Home ||
		line.Outcome != "InvalidAMIID.NotFound" || line.Params["ImageId"] != "ami-0123456789abcdef0" {
		t.Errorf("got %+v", line)
	}
	if strings.Contains(log.String(), "aHVudGVyMg") {
		t.Error("the log holds user data")
	}
	if calls := s.Calls(); len(calls) != 1 || calls[0].RequestID != line.RequestID {
		t.Errorf("calls: %+v", calls)
	}
}

func TestEnvReachesTheEndpoint(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	env := strings.Join(s.Env(s.URL, sandboxtest.Home, "eu-west-1"), "\n")
	if _, err := url.Parse(s.URL); err != nil || !strings.Contains(env, "AWS_ENDPOINT_URL="+s.URL) || !strings.Contains(env, "AWS_REGION=eu-west-1") {
		t.Errorf("env %s, %v", env, err)
	}
}

func TestHeadersAreThoseOfTheService(t *testing.T) {
	t.Parallel()
	clock := sandboxtest.NewClock()
	s := sandboxtest.Start(t, sandbox.Options{Clock: clock})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, strings.NewReader("Action=DescribeRegions&Version=2016-11-15"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+s.World().Credentials(sandboxtest.Home).ID+"/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	for name, want := range map[string]string{
		"Content-Type": "text/xml;charset=UTF-8", "Server": "AmazonEC2", "Date": clock.Now().Format(http.TimeFormat),
	} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if answer.Header.Get("x-amzn-requestid") == "" || answer.ContentLength >= 0 || len(answer.TransferEncoding) != 1 || answer.TransferEncoding[0] != "chunked" {
		t.Errorf("headers %v, length %d, encoding %v", answer.Header, answer.ContentLength, answer.TransferEncoding)
	}
}
