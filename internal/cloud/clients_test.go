package cloud

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

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
