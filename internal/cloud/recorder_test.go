package cloud

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
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
