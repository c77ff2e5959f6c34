package sandbox_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func TestTooManyCallsAreThrottledPerAccountAndRegion(t *testing.T) {
	t.Parallel()
	clock := sandboxtest.NewClock()
	s := sandboxtest.Start(t, sandbox.Options{Clock: clock, Throttle: true})
	describe := func(account, region string) error {
		_, err := s.EC2(account, region).DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{})
		return err
	}
	for range 100 {
		if err := describe(sandboxtest.Home, "us-east-1"); err != nil {
			t.Fatal(err)
		}
	}
	err := describe(sandboxtest.Home, "us-east-1")
	var api smithy.APIError
	var response *awshttp.ResponseError
	const want = "Request limit exceeded. Account 123456789012 has been throttled on ec2:DescribeRegions because it exceeded its request rate limit."
	if !errors.As(err, &api) || api.ErrorCode() != "RequestLimitExceeded" || api.ErrorMessage() != want {
		t.Errorf("got %v", err)
	}
	if !errors.As(err, &response) || response.HTTPStatusCode() != http.StatusServiceUnavailable {
		t.Errorf("got %v, want status 503", err)
	}
	for _, free := range [][2]string{{sandboxtest.Home, "eu-west-1"}, {sandboxtest.Partner, "us-east-1"}} {
		if err := describe(free[0], free[1]); err != nil {
			t.Errorf("%v: %v", free, err)
		}
	}
	clock.Pass(time.Second)
	if err := describe(sandboxtest.Home, "us-east-1"); err != nil {
		t.Errorf("a second later: %v", err)
	}
}
