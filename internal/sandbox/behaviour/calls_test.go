package behaviour_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/fault"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

// callTests are about what befalls calls whatever they ask, and about who calls.
var callTests = map[int]func(t *testing.T){
	1: testThrottle, 2: testBuckets, 3: testServerError, 4: testUnavailable, 5: testNoXML, 6: testLostAnswer, 7: testReset, 8: testNoAnswer,
	9: testNoPermission, 10: testDenied, 11: testUnknownCaller, 13: testNotSubscribed, 14: testExpired, 15: testSkew,
}

// plan is a fault plan of rules in JSON.
func plan(t *testing.T, rules string) sandbox.Options {
	t.Helper()
	spec, err := fault.Parse([]byte(`{"rules":[` + rules + `]}`))
	return sandbox.Options{Faults: must(t, spec, err)}
}

func (r *rig) regions() error {
	_, err := r.own().DescribeRegions(r.t.Context(), &ec2.DescribeRegionsInput{})
	return err
}

func testThrottle(t *testing.T) {
	r := start(t, plan(t, `{"kind":"throttle","text":"short","when":{"nth":1}},{"kind":"throttle"}`))
	r.refused(1, 0, r.regions())
	r.refused(1, 1, r.regions(), "account", sandboxtest.Home, "action", "DescribeRegions")
}

func testBuckets(t *testing.T) {
	r := start(t, sandbox.Options{Throttle: true})
	for range 100 {
		must(t, 0, r.regions())
	}
	r.refused(2, 0, r.regions(), "account", sandboxtest.Home, "action", "DescribeRegions")
	if _, err := r.ec2(sandboxtest.Home, away).DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{}); err != nil {
		t.Errorf("another Region: %v", err)
	}
	r.clock.Pass(50 * time.Millisecond) // a token of 20 a second
	must(t, 0, r.regions())
	r.refused(2, 0, r.regions())
}

func testServerError(t *testing.T) {
	r := start(t, plan(t, `{"kind":"server-error","when":{"action":"DescribeRegions"}}`))
	r.refused(3, 0, r.regions())
	_, err := r.own().CopySnapshot(t.Context(), &ec2.CopySnapshotInput{SourceRegion: aws.String(""), SourceSnapshotId: aws.String("snap-0123456789abcdef0")})
	r.refused(3, 0, err)
}

func testUnavailable(t *testing.T) {
	r := start(t, plan(t, `{"kind":"unavailable"}`))
	r.refused(4, 0, r.regions())
}

func testNoXML(t *testing.T) {
	r := start(t, plan(t, `{"kind":"bad-gateway","when":{"calls":1}},{"kind":"truncated-body","when":{"calls":2}},{"kind":"empty-body"}`))
	err := r.regions()
	var api smithy.APIError
	if err == nil || errors.As(err, &api) && api.ErrorCode() != "UnknownError" || r.kept().status != http.StatusBadGateway || !strings.Contains(r.kept().body, "<html>") {
		t.Errorf("a proxy's page: %v, %d %s", err, r.kept().status, r.kept().body)
	}
	if err := r.regions(); err == nil {
		t.Error("half an answer was read")
	}
	_ = r.regions() // the client takes an empty answer for one without fields
	if kept := r.kept(); kept.status != http.StatusOK || kept.body != "" {
		t.Errorf("an empty answer: %d %q", kept.status, kept.body)
	}
}

func testLostAnswer(t *testing.T) {
	r := start(t, plan(t, `{"kind":"lost-answer","when":{"action":"CreateKeyPair"}}`))
	_, err := r.own().CreateKeyPair(t.Context(), &ec2.CreateKeyPairInput{KeyName: aws.String("k"), KeyType: "ed25519"})
	var api smithy.APIError
	if err == nil || errors.As(err, &api) {
		t.Errorf("want a broken connection, got %v", err)
	}
	out, err := r.own().DescribeKeyPairs(t.Context(), &ec2.DescribeKeyPairsInput{})
	if n := len(must(t, out, err).KeyPairs); n != 1 {
		t.Errorf("%d key pairs, want the one that was made", n)
	}
}

func testReset(t *testing.T) {
	r := start(t, plan(t, `{"kind":"reset","when":{"action":"CreateKeyPair"}}`))
	_, err := r.own().CreateKeyPair(t.Context(), &ec2.CreateKeyPairInput{KeyName: aws.String("k"), KeyType: "ed25519"})
	var api smithy.APIError
	if err == nil || errors.As(err, &api) {
		t.Errorf("want a broken connection, got %v", err)
	}
	out, err := r.own().DescribeKeyPairs(t.Context(), &ec2.DescribeKeyPairsInput{})
	if n := len(must(t, out, err).KeyPairs); n != 0 {
		t.Errorf("%d key pairs were made", n)
	}
}

func testNoAnswer(t *testing.T) {
	r := start(t, plan(t, `{"kind":"hang","when":{"nth":1}},{"kind":"slow-body","bytes_per_second":1}`))
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		_, err := r.own().DescribeRegions(ctx, &ec2.DescribeRegionsInput{})
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("want the caller's own time limit, got %v", err)
		}
	}
}

// allow gives the rig's own user a policy of statements in JSON.
func (r *rig) allow(statements string) {
	r.t.Helper()
	_, err := iam.NewFromConfig(r.config(sandboxtest.Home, home)).PutUserPolicy(r.t.Context(), &iam.PutUserPolicyInput{
		UserName: aws.String("sandbox"), PolicyName: aws.String("build"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[` + statements + `]}`),
	})
	must(r.t, 0, err)
}

const sandboxUser = "arn:aws:iam::" + sandboxtest.Home + ":user/sandbox"

func testNoPermission(t *testing.T) {
	r := start(t, sandbox.Options{})
	r.disk()
	r.allow(`{"Effect":"Allow","Action":["ec2:Describe*","iam:*"],"Resource":"*"}`)
	_, err := r.register("golden")
	r.refused(9, 0, err, "caller", sandboxUser, "action", "ec2:RegisterImage")
	r.allow(`{"Effect":"Allow","Action":["ec2:Describe*","ec2:RegisterImage"],"Resource":"*"}`)
	id, err := r.register("golden")
	must(t, id, err)
}

func testDenied(t *testing.T) {
	r := start(t, sandbox.Options{})
	id := *r.run().InstanceId
	r.allow(`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ec2:TerminateInstances","Resource":"*"}`)
	_, err := r.own().TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}})
	r.refused(10, 0, err, "caller", sandboxUser, "action", "ec2:TerminateInstances", "resource", "arn:aws:ec2:us-east-1:"+sandboxtest.Home+":instance/"+id)
}

func testUnknownCaller(t *testing.T) {
	r := start(t, sandbox.Options{})
	stranger := r.config(sandboxtest.Home, home)
	stranger.Credentials = credentials.NewStaticCredentialsProvider("AKIAAAAAAAAAAAAAAAAA", "x", "")
	_, err := ec2.NewFromConfig(stranger).DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{})
	r.refused(11, 0, err)
	_, err = r.ec2(sandboxtest.Home, "af-south-1").DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{})
	r.refused(11, 0, err)
}

func testNotSubscribed(t *testing.T) {
	r := start(t, sandbox.Options{})
	product := r.vendor("679593333241", "*")
	launch := func() error {
		_, err := r.own().RunInstances(t.Context(), &ec2.RunInstancesInput{
			ImageId: product.ImageId, InstanceType: "t3.small", MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		})
		return err
	}
	r.refused(13, 0, launch())
	code := *product.ProductCodes[0].ProductCodeId
	r.World().Do(func() { r.World().Account(sandboxtest.Home).Subscriptions[code] = true })
	must(t, 0, launch())
}

func testExpired(t *testing.T) {
	r := start(t, sandbox.Options{})
	got, err := sts.NewFromConfig(r.config(sandboxtest.Home, home)).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + sandboxtest.Partner + ":role/OrganizationAccountAccessRole"), RoleSessionName: aws.String("build"),
	})
	session := r.config(sandboxtest.Home, home)
	c := must(t, got, err).Credentials
	session.Credentials = credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	_, err = ec2.NewFromConfig(session).DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{})
	must(t, 0, err)
	r.clock.Pass(2 * time.Hour)
	_, err = ec2.NewFromConfig(session).DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{})
	r.refused(14, 0, err)
	_, err = sts.NewFromConfig(session).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	r.refused(14, 1, err)
	_, err = kms.NewFromConfig(session).ListKeys(t.Context(), &kms.ListKeysInput{})
	r.refused(14, 2, err)
}

func testSkew(t *testing.T) {
	r := start(t, plan(t, `{"kind":"clock-skew","by":"10m"}`))
	r.refused(15, 0, r.regions())
	date, err := http.ParseTime(r.kept().header.Get("Date"))
	if ahead := time.Until(must(t, date, err)); ahead < 9*time.Minute || ahead > 11*time.Minute {
		t.Errorf("the answer's date is %s ahead", ahead)
	}
}
