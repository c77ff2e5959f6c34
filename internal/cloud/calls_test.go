package cloud

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var throttled = fault{status: http.StatusServiceUnavailable, body: refusal("RequestLimitExceeded", "Request limit exceeded.")}

func runOne(ctx context.Context, c *Clients, region string) (*ec2.RunInstancesOutput, error) {
	return c.EC2(region).RunInstances(ctx, &ec2.RunInstancesInput{
		ImageId: aws.String("ami-1"), MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
	})
}

func TestCreateIsIntendedAndRecorded(t *testing.T) {
	t.Parallel()
	f, r := newFakeEC2(t), &recorded{}
	out, err := runOne(t.Context(), f.clients(WithRecorder(r)), "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	want := Resource{Kind: KindInstance, ID: *out.Instances[0].InstanceId, Region: "eu-west-1", Account: "111122223333"}
	if len(r.created) != 1 || r.created[0] != want {
		t.Errorf("created %v, want %v", r.created, want)
	}
	call := r.intended[0]
	if call.Operation != "RunInstances" || call.Region != "eu-west-1" || call.Token == "" {
		t.Errorf("intended %+v: operation, Region and the SDK's own token are wanted", call)
	}
	if got := f.form("RunInstances").Get("ClientToken"); got != call.Token {
		t.Errorf("sent token %q, intended %q", got, call.Token)
	}
}

func TestForeignClientsAreRecordedToo(t *testing.T) {
	t.Parallel()
	f, r := newFakeEC2(t), &recorded{}
	foreign := ec2.NewFromConfig(f.clients(WithRecorder(r)).Config("")) // as the peer plugin does
	if _, err := foreign.CreateKeyPair(t.Context(), &ec2.CreateKeyPairInput{KeyName: aws.String("k")}); err != nil {
		t.Fatal(err)
	}
	if len(r.created) != 1 || r.created[0].Name != "k" || r.created[0].ID == "" {
		t.Errorf("created %v", r.created)
	}
	if _, err := foreign.DeleteKeyPair(t.Context(), &ec2.DeleteKeyPairInput{KeyName: aws.String("k")}); err != nil {
		t.Fatal(err)
	}
	if len(r.deleted) != 1 || !r.deleted[0].Same(r.created[0]) {
		t.Errorf("deleted %v does not mean %v", r.deleted, r.created)
	}
}

func TestIntentThatFailsSendsNothing(t *testing.T) {
	t.Parallel()
	f, r := newFakeEC2(t), &recorded{fail: errors.New("disk full")}
	_, err := runOne(t.Context(), f.clients(WithRecorder(r)), "")
	if err == nil || !strings.Contains(err.Error(), "disk full") || f.count("RunInstances") != 0 {
		t.Errorf("err %v, %d requests", err, f.count("RunInstances"))
	}
}

func TestRecordThatFailsFailsTheCallAndNamesTheID(t *testing.T) {
	t.Parallel()
	f, r := newFakeEC2(t), &recorded{failMade: errors.New("disk full")}
	_, err := runOne(t.Context(), f.clients(WithRecorder(r)), "")
	if err == nil || !strings.Contains(err.Error(), "i-0000") {
		t.Errorf("err %v must name the instance", err)
	}
}

func TestDryRunIsNotRecorded(t *testing.T) {
	t.Parallel()
	f, r := newFakeEC2(t), &recorded{}
	f.fail("CreateImage", fault{status: http.StatusPreconditionFailed, body: refusal("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")})
	_, err := f.clients(WithRecorder(r)).EC2("").CreateImage(t.Context(), &ec2.CreateImageInput{
		InstanceId: aws.String("i-1"), Name: aws.String("n"), DryRun: aws.Bool(true),
	})
	if !IsDryRunOK(err) || len(r.intended) != 0 {
		t.Errorf("err %v, intended %v", err, r.intended)
	}
}

func TestFleetErrorsInsideSuccess(t *testing.T) {
	t.Parallel()
	f, r := newFakeEC2(t), &recorded{}
	_, err := f.clients(WithRecorder(r)).EC2("").CreateFleet(t.Context(), &ec2.CreateFleetInput{
		LaunchTemplateConfigs:       []types.FleetLaunchTemplateConfigRequest{{}},
		TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{TotalTargetCapacity: aws.Int32(2)},
	})
	if err != nil || len(r.created) != 1 || r.created[0].Kind != KindInstance {
		t.Errorf("err %v, created %v", err, r.created)
	}
}

func TestThrottleThenSuccess(t *testing.T) {
	t.Parallel()
	f, r := newFakeEC2(t), &recorded{}
	f.fail("RunInstances", throttled, throttled, throttled, throttled)
	if _, err := runOne(t.Context(), f.clients(WithRecorder(r)), ""); err != nil {
		t.Fatal(err)
	}
	if f.count("RunInstances") != 5 || len(r.created) != 1 {
		t.Errorf("%d requests, created %v", f.count("RunInstances"), r.created)
	}
}

func TestPermanentServerErrorEnds(t *testing.T) {
	t.Parallel()
	f := newFakeEC2(t)
	f.always("RunInstances", fault{status: 500, body: refusal("InternalError", "An internal error has occurred")})
	_, err := runOne(t.Context(), f.clients(), "")
	if Code(err) != "InternalError" || f.count("RunInstances") != 10 || !IsTransient(err) {
		t.Errorf("err %v after %d requests, want InternalError after 10", err, f.count("RunInstances"))
	}
}

func TestMaxAttempts(t *testing.T) {
	t.Parallel()
	f := newFakeEC2(t)
	f.always("RunInstances", throttled)
	_, err := runOne(t.Context(), f.clients(WithMaxAttempts(3)), "")
	if !IsThrottle(err) || f.count("RunInstances") != 3 {
		t.Errorf("err %v after %d requests, want 3", err, f.count("RunInstances"))
	}
}

// A hundred failures empty the SDK's own retry quota, after which it never
// retries again.
func TestRetriesDoNotRunOut(t *testing.T) {
	t.Parallel()
	f := newFakeEC2(t)
	c := f.clients()
	for range 30 {
		f.fail("DescribeImages", throttled, throttled, throttled, throttled, throttled)
		if _, err := c.EC2("").DescribeImages(t.Context(), &ec2.DescribeImagesInput{}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNoCapacityIsNotRetried(t *testing.T) {
	t.Parallel()
	f, r := newFakeEC2(t), &recorded{}
	f.always("RunInstances", fault{status: 500, body: refusal("InsufficientInstanceCapacity", "We currently do not have sufficient capacity")})
	_, err := runOne(t.Context(), f.clients(WithRecorder(r)), "")
	if !IsCapacity(err) || f.count("RunInstances") != 1 {
		t.Errorf("err %v after %d requests, want one", err, f.count("RunInstances"))
	}
	if len(r.refused) != 1 {
		t.Errorf("refused %v: no capacity makes nothing", r.refused)
	}
}

func TestHungSocketDoesNotHangUs(t *testing.T) {
	t.Parallel()
	f, r := newFakeEC2(t), &recorded{}
	f.fail("RunInstances", fault{hang: true}) // applied, never answered
	out, err := runOne(t.Context(), f.clients(WithRecorder(r), WithAttemptTimeout(50*time.Millisecond)), "")
	if err != nil {
		t.Fatal(err)
	}
	if len(f.instances) != 1 || r.created[0].ID != *out.Instances[0].InstanceId {
		t.Errorf("instances %v, created %v: the token makes the second attempt the first", f.instances, r.created)
	}
}

func TestAlwaysHungEnds(t *testing.T) {
	t.Parallel()
	f, r := newFakeEC2(t), &recorded{}
	f.always("CreateImage", fault{hang: true, before: true})
	_, err := f.clients(WithRecorder(r), WithAttemptTimeout(40*time.Millisecond), WithMaxAttempts(2)).EC2("").CreateImage(
		t.Context(), &ec2.CreateImageInput{InstanceId: aws.String("i-1"), Name: aws.String("n")})
	var timeout *AttemptTimeoutError
	if !errors.As(err, &timeout) || !IsTransient(err) || f.count("CreateImage") != 2 {
		t.Errorf("err %v after %d", err, f.count("CreateImage"))
	}
	if len(r.refused) != 0 {
		t.Error("the outcome is unknown, yet the call counts as refused")
	}
}

func TestHTMLInsteadOfXML(t *testing.T) {
	t.Parallel()
	f := newFakeEC2(t)
	f.always("DescribeImages", fault{status: 502, body: "<html><body>Bad gateway<br></html>"})
	_, err := f.clients(WithMaxAttempts(2)).EC2("eu-west-3").DescribeImages(t.Context(), &ec2.DescribeImagesInput{})
	got := Explain(err)
	if Code(err) != "" || !IsTransient(err) {
		t.Errorf("code %q, transient %v", Code(err), IsTransient(err))
	}
	for _, want := range []string{"EC2 DescribeImages in eu-west-3", "HTTP 502", "proxy"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
}

func TestRefusedIsSettledAndNotRetried(t *testing.T) {
	t.Parallel()
	f, r := newFakeEC2(t), &recorded{}
	f.always("RunInstances", fault{status: 403, body: refusal("UnauthorizedOperation", "You are not authorized to perform this operation. Encoded authorization failure message: AbC-123_x")})
	_, err := runOne(t.Context(), f.clients(WithRecorder(r)), "eu-west-1")
	if !IsAuth(err) || f.count("RunInstances") != 1 || len(r.refused) != 1 {
		t.Errorf("err %v, %d requests, refused %v", err, f.count("RunInstances"), r.refused)
	}
	want := "EC2 RunInstances in eu-west-1: UnauthorizedOperation: You are not authorized to perform this operation. (HTTP 403, request req-err)"
	if got := Explain(err); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestCancelWhileCreatingStillHearsTheID(t *testing.T) {
	t.Parallel()
	f, r := newFakeEC2(t), &recorded{}
	ctx, cancel := context.WithCancel(t.Context())
	c := f.clients(WithRecorder(r))
	f.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		cancel() // Ctrl-C while the request is on its way
		f.ServeHTTP(w, req)
	})
	if _, err := runOne(ctx, c, ""); err != nil {
		t.Fatalf("the answer came: %v", err)
	}
	if len(r.created) != 1 {
		t.Errorf("created %v: the instance is lost", r.created)
	}
	_, err := runOne(ctx, c, "")
	if !errors.Is(err, context.Canceled) || f.count("RunInstances") != 1 {
		t.Errorf("err %v, %d requests: nothing new may be made after the cancel", err, f.count("RunInstances"))
	}
}

func TestCancelStartsNoNewAttempt(t *testing.T) {
	t.Parallel()
	f := newFakeEC2(t)
	ctx, cancel := context.WithCancel(t.Context())
	c := f.clients()
	f.always("RunInstances", throttled)
	f.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		cancel()
		f.ServeHTTP(w, req)
	})
	_, err := runOne(ctx, c, "")
	if err == nil || f.count("RunInstances") != 1 {
		t.Errorf("err %v after %d requests, want one", err, f.count("RunInstances"))
	}
}

func TestCustomEndpointInEveryRegion(t *testing.T) {
	t.Parallel()
	f := newFakeEC2(t)
	base := f.clients().base
	base.BaseEndpoint = nil
	c := New(base, WithEC2Endpoint(f.URL))
	for _, region := range []string{"", "eu-west-1", "cn-north-1"} {
		if _, err := c.EC2(region).DescribeImages(t.Context(), &ec2.DescribeImagesInput{}); err != nil {
			t.Errorf("%s: %v", region, err)
		}
		if _, err := ec2.NewFromConfig(c.Config(region)).DescribeImages(t.Context(), &ec2.DescribeImagesInput{}); err != nil {
			t.Errorf("%s, client of foreign code: %v", region, err)
		}
	}
	if f.count("DescribeImages") != 6 {
		t.Errorf("%d requests, want 6", f.count("DescribeImages"))
	}
	if c.EC2("") != c.EC2("us-east-1") {
		t.Error("the client is not kept")
	}
}

func TestCopySnapshotIsPresignedForTheSourceRegion(t *testing.T) {
	t.Parallel()
	f, r := newFakeEC2(t), &recorded{}
	_, err := f.clients(WithRecorder(r), WithEC2Endpoint(f.URL)).EC2("eu-west-1").CopySnapshot(t.Context(), &ec2.CopySnapshotInput{
		SourceRegion: aws.String("us-east-2"), SourceSnapshotId: aws.String("snap-1"),
	})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(f.form("CopySnapshot").Get("PresignedUrl"))
	if err != nil || u.Host != "ec2.us-east-2.amazonaws.com" || u.Query().Get("DestinationRegion") != "eu-west-1" ||
		!strings.Contains(u.Query().Get("X-Amz-Credential"), "/us-east-2/ec2/") {
		t.Errorf("presigned %s (%v)", u, err)
	}
	if len(r.intended) != 1 || len(r.created) != 1 {
		t.Errorf("intended %v, created %v: signing a URL makes nothing", r.intended, r.created)
	}
}

func TestExpiredSessionIsRenewedOnce(t *testing.T) {
	t.Parallel()
	f := newFakeEC2(t)
	expired := fault{status: 400, body: refusal("RequestExpired", "Request has expired.")}
	asked := 0
	base := f.clients().base
	base.Credentials = aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		asked++
		return credentials.NewStaticCredentialsProvider("AKIA", "s", "t").Retrieve(ctx)
	}))
	c := New(base, func(s *settings) {
		s.backoff = func(int, error) (time.Duration, error) { return 0, nil }
	})
	f.fail("DescribeImages", expired)
	if _, err := c.EC2("").DescribeImages(t.Context(), &ec2.DescribeImagesInput{}); err != nil || asked != 2 {
		t.Errorf("err %v, credentials asked for %d times, want 2", err, asked)
	}
	f.always("DescribeImages", expired)
	_, err := c.EC2("").DescribeImages(t.Context(), &ec2.DescribeImagesInput{})
	if Code(err) != "RequestExpired" || !IsAuth(err) || f.count("DescribeImages") != 4 {
		t.Errorf("err %v after %d requests, want RequestExpired after 2+2", err, f.count("DescribeImages"))
	}
}

func TestAccountIsAskedOnce(t *testing.T) {
	t.Parallel()
	f := newFakeEC2(t)
	c := f.clients()
	for range 2 {
		if id, err := c.Account(t.Context()); err != nil || id != "111122223333" {
			t.Errorf("%q, %v", id, err)
		}
	}
	if f.count("GetCallerIdentity") != 1 {
		t.Errorf("asked %d times", f.count("GetCallerIdentity"))
	}
}
