package cloud

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

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
