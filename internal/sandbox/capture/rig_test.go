package capture_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

const (
	region = "us-east-1"
	zone   = "us-east-1a"

	success = http.StatusOK
	refusal = http.StatusBadRequest
	dryRun  = http.StatusPreconditionFailed

	dryRunText = "Request would have succeeded, but DryRun flag is set."
)

// observation is one call to the real service and what came back. Names in braces
// stand for ids that the endpoint made on the way: see [rig.keep].
type observation struct {
	did string
	// do sets up and makes the call, the last one.
	do func(r *rig) error

	status int
	// message is compared where it is named here.
	code, message string
	// has and lacks are parts that the answer's body has and has not.
	has, lacks []string
}

// rig is an endpoint of one observation's own, whose newest answer is kept.
type rig struct {
	*sandboxtest.Started
	t     *testing.T
	clock *sandboxtest.Clock

	mu     sync.Mutex
	status int
	body   string
	names  []string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	clock := sandboxtest.NewClock()
	return &rig{t: t, clock: clock, Started: sandboxtest.Start(t, sandbox.Options{Seed: 1, Clock: clock})}
}

// RoundTrip keeps what comes back.
func (r *rig) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	r.mu.Lock()
	r.status, r.body = answer.StatusCode, emptyElement.ReplaceAllString(string(body), "<$1/>")
	r.mu.Unlock()
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, err
}

// emptyElement is an element without content, which EC2 writes as <name/>. Both
// spellings are the same XML.
var emptyElement = regexp.MustCompile(`<([A-Za-z]+)></[A-Za-z]+>`)

func (r *rig) config(account string) aws.Config {
	c := r.Config(account, region)
	c.HTTPClient = &http.Client{Transport: r}
	return c
}

func (r *rig) own() *ec2.Client     { return ec2.NewFromConfig(r.config(sandboxtest.Home)) }
func (r *rig) partner() *ec2.Client { return ec2.NewFromConfig(r.config(sandboxtest.Partner)) }
func (r *rig) ssm() *ssm.Client     { return ssm.NewFromConfig(r.config(sandboxtest.Home)) }
func (r *rig) kms() *kms.Client     { return kms.NewFromConfig(r.config(sandboxtest.Home)) }

// keep gives a name to a value that an observation's texts refer to in braces.
func (r *rig) keep(name, value string) string {
	r.names = append(r.names, "{"+name+"}", value)
	return value
}

func (r *rig) fill(text string) string {
	return strings.NewReplacer(append(r.names, "{own}", sandboxtest.Home, "{partner}", sandboxtest.Partner)...).Replace(text)
}

// run makes the observation's call and compares.
func (r *rig) run(o observation) {
	r.t.Helper()
	err := o.do(r)
	var api smithy.APIError
	switch {
	case o.code == "" && err != nil:
		r.t.Fatalf("want success, got %v", err)
	case o.code != "" && !errors.As(err, &api):
		r.t.Fatalf("want %s, got %v: %s", o.code, err, r.body)
	case o.code != "" && (api.ErrorCode() != o.code || o.message != "" && api.ErrorMessage() != r.fill(o.message)):
		r.t.Errorf("want %s: %s\n got %s: %s", o.code, r.fill(o.message), api.ErrorCode(), api.ErrorMessage())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.status != o.status {
		r.t.Errorf("want status %d, got %d", o.status, r.status)
	}
	for _, part := range o.has {
		if !strings.Contains(r.body, r.fill(part)) {
			r.t.Errorf("the answer lacks %s: %s", r.fill(part), r.body)
		}
	}
	for _, part := range o.lacks {
		if strings.Contains(r.body, r.fill(part)) {
			r.t.Errorf("the answer has %s: %s", r.fill(part), r.body)
		}
	}
}

// done drops a call's output.
func done[T any](_ T, err error) error { return err }

func must[T any](r *rig, out T, err error) T {
	r.t.Helper()
	if err != nil {
		r.t.Fatalf("set up: %v", err)
	}
	return out
}

// suite is a tag of everything that an observation makes.
func suite(kind types.ResourceType) []types.TagSpecification {
	return []types.TagSpecification{{ResourceType: kind, Tags: []types.Tag{{Key: aws.String("suite"), Value: aws.String("probe")}}}}
}

// snapshot makes a complete snapshot of an empty volume of 1 GiB.
func (r *rig) snapshot(name string) string {
	r.t.Helper()
	volume, err := r.own().CreateVolume(r.t.Context(), &ec2.CreateVolumeInput{AvailabilityZone: aws.String(zone), Size: aws.Int32(1)})
	id := must(r, volume, err).VolumeId
	made, err := r.own().CreateSnapshot(r.t.Context(), &ec2.CreateSnapshotInput{
		VolumeId: id, Description: aws.String("empty"), TagSpecifications: suite(types.ResourceTypeSnapshot),
	})
	return r.keep(name, *must(r, made, err).SnapshotId)
}

// register is a call that makes an image of a snapshot.
func register(name, snapshot string, change ...func(*ec2.RegisterImageInput)) *ec2.RegisterImageInput {
	in := &ec2.RegisterImageInput{
		Name: aws.String(name), Architecture: types.ArchitectureValuesX8664, VirtualizationType: aws.String("hvm"),
		RootDeviceName:      aws.String("/dev/sda1"),
		BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/sda1"), Ebs: &types.EbsBlockDevice{SnapshotId: aws.String(snapshot)}}},
		TagSpecifications:   suite(types.ResourceTypeImage),
	}
	for _, f := range change {
		f(in)
	}
	return in
}

// image makes an image called base, of a snapshot called snapshot.
func (r *rig) image() string {
	r.t.Helper()
	made, err := r.own().RegisterImage(r.t.Context(), register("base", r.snapshot("snapshot")))
	return r.keep("image", *must(r, made, err).ImageId)
}
