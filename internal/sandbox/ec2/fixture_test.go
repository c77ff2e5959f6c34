package ec2_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/fault"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

const (
	here  = "us-east-1"
	there = "eu-west-1"
)

// cloud is an endpoint with two accounts in two Regions.
type cloud struct {
	*sandboxtest.Started
	t       *testing.T
	clock   *sandboxtest.Clock
	guests  *guests
	home    *ec2.Client
	abroad  *ec2.Client
	partner *ec2.Client
}

func start(t *testing.T, delays world.Delays) *cloud {
	t.Helper()
	return startWith(t, sandbox.Options{Delays: delays})
}

// startPlanned is [start] with rules of a plan of faults.
func startPlanned(t *testing.T, delays world.Delays, rules string) *cloud {
	t.Helper()
	plan, err := fault.Parse([]byte(`{"rules":[` + rules + `]}`))
	return startWith(t, sandbox.Options{Delays: delays, Faults: must(t, plan, err)})
}

func startWith(t *testing.T, o sandbox.Options) *cloud {
	t.Helper()
	c := &cloud{t: t, clock: sandboxtest.NewClock(), guests: newGuests()}
	o.Backend, o.Clock, o.Seed = c.guests, c.clock, 1
	c.Started = sandboxtest.Start(t, o)
	c.home, c.abroad = c.EC2(sandboxtest.Home, here), c.EC2(sandboxtest.Home, there)
	c.partner = c.EC2(sandboxtest.Partner, here)
	return c
}

// slow makes images and copies take a minute and ten seconds per GiB.
var slow = world.Delays{
	Image: world.Duration(time.Minute), ImageRate: 102.4,
	Copy: world.Duration(time.Minute), CopyRate: 102.4,
}

// until polls for what happens beside the calls; the guests are quick.
func (c *cloud) until(what string, done func() bool) {
	c.t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			c.t.Fatalf("%s did not come about; the guests were asked: %s", what, c.guests.log())
		}
		time.Sleep(time.Millisecond)
	}
}

// must fails the test on an error.
func must[T any](t *testing.T, out T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// refused checks status, code and a part of the message of a refusal.
func refused(t *testing.T, err error, status int, code, message string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Fatalf("want %s, got %v", code, err)
	}
	var response *awshttp.ResponseError
	if !errors.As(err, &response) || response.HTTPStatusCode() != status {
		t.Errorf("want status %d, got %v", status, err)
	}
	if api.ErrorCode() != code || api.ErrorMessage() != message {
		t.Errorf("want %s: %s\n got %s: %s", code, message, api.ErrorCode(), api.ErrorMessage())
	}
}

// vendor is the newest Amazon Linux image of a Region for x86_64.
func (c *cloud) vendor(client *ec2.Client) types.Image {
	c.t.Helper()
	out := c.images(client, &ec2.DescribeImagesInput{
		Owners:  []string{"amazon"},
		Filters: []types.Filter{{Name: aws.String("name"), Values: []string{"al2023-ami-2023.9.20261102.*x86_64"}}},
	})
	if len(out) != 1 {
		c.t.Fatalf("want one vendor image, got %d", len(out))
	}
	return out[0]
}

// images are what DescribeImages gives.
func (c *cloud) images(client *ec2.Client, in *ec2.DescribeImagesInput) []types.Image {
	c.t.Helper()
	out, err := client.DescribeImages(c.t.Context(), in)
	return must(c.t, out, err).Images
}

// launch runs an instance until it is running.
func (c *cloud) launch(mappings ...types.BlockDeviceMapping) string {
	c.t.Helper()
	run, err := c.home.RunInstances(c.t.Context(), &ec2.RunInstancesInput{
		ImageId: c.vendor(c.home).ImageId, InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		BlockDeviceMappings: mappings,
	})
	id := *must(c.t, run, err).Instances[0].InstanceId
	c.until("running", func() bool { return c.instanceState(id) == types.InstanceStateNameRunning })
	return id
}

func (c *cloud) instanceState(id string) types.InstanceStateName {
	c.t.Helper()
	out, err := c.home.DescribeInstances(c.t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	return must(c.t, out, err).Reservations[0].Instances[0].State.Name
}

// image describes one image.
func (c *cloud) image(client *ec2.Client, id string) types.Image {
	c.t.Helper()
	out := c.images(client, &ec2.DescribeImagesInput{ImageIds: []string{id}, IncludeDisabled: aws.Bool(true)})
	if len(out) != 1 {
		c.t.Fatalf("want image %s, got %d images", id, len(out))
	}
	return out[0]
}

func (c *cloud) snapshot(client *ec2.Client, id string) types.Snapshot {
	c.t.Helper()
	out, err := client.DescribeSnapshots(c.t.Context(), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{id}})
	return must(c.t, out, err).Snapshots[0]
}

// build makes an image of an instance and waits until its disk was taken.
func (c *cloud) build(name string, change ...func(*ec2.CreateImageInput)) string {
	c.t.Helper()
	in := &ec2.CreateImageInput{InstanceId: aws.String(c.launch()), Name: aws.String(name)}
	for _, f := range change {
		f(in)
	}
	out, err := c.home.CreateImage(c.t.Context(), in)
	id := *must(c.t, out, err).ImageId
	c.until("the disk of "+name, func() bool {
		held := true
		c.World().Do(func() { held = c.World().KnownImage(here, id).Held })
		return !held
	})
	return id
}

// rootSnapshot is the snapshot of an available image's root device.
func (c *cloud) rootSnapshot(client *ec2.Client, imageID string) string {
	c.t.Helper()
	return aws.ToString(c.image(client, imageID).BlockDeviceMappings[0].Ebs.SnapshotId)
}

// key makes a key and gives its ARN.
func (c *cloud) key(account, region string, change ...func(*kms.CreateKeyInput)) string {
	c.t.Helper()
	in := &kms.CreateKeyInput{}
	for _, f := range change {
		f(in)
	}
	out, err := c.KMS(account, region).CreateKey(c.t.Context(), in)
	return *must(c.t, out, err).KeyMetadata.Arn
}

func asymmetric(in *kms.CreateKeyInput) {
	in.KeySpec, in.KeyUsage = kmstypes.KeySpecRsa2048, kmstypes.KeyUsageTypeEncryptDecrypt
}

// encryptedRoot is a mapping that encrypts the root volume.
func encryptedRoot(key string) types.BlockDeviceMapping {
	e := &types.EbsBlockDevice{Encrypted: aws.Bool(true)}
	if key != "" {
		e.KmsKeyId = aws.String(key)
	}
	return types.BlockDeviceMapping{DeviceName: aws.String("/dev/xvda"), Ebs: e}
}

func filter(name string, values ...string) types.Filter {
	return types.Filter{Name: aws.String(name), Values: values}
}

const badRequest = http.StatusBadRequest

// raw makes a call that the SDK would not make, signed in name only: the endpoint
// reads who calls from the scope.
func (c *cloud) raw(form string) (int, string) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.URL, strings.NewReader(form))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+c.World().Credentials(sandboxtest.Home).ID+"/20261121/"+here+"/ec2/aws4_request, SignedHeaders=host, Signature=00")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func contains(text, part string) bool { return strings.Contains(text, part) }
