package ebs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"go.uber.org/goleak"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

const region = "eu-west-1"

// profiles is the shared configuration file of all tests. Each test has a profile of
// its own in it, with the address of its own endpoint, so that tests run in parallel
// although the SDK finds the file by an environment variable.
var profiles struct {
	sync.Mutex
	path string
}

var rigs atomic.Int64

func TestMain(m *testing.M) {
	if tier := os.Getenv(joinAs); tier != "" {
		os.Exit(join(tier))
	}
	if path := os.Getenv(watchAs); path != "" {
		os.Exit(watch(path))
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "goldenami-ebs")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the system's own cleaning finds it
	profiles.path = filepath.Join(dir, "config")
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": profiles.path, "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(dir, "none"),
		"AWS_EC2_METADATA_DISABLED": "true", "GOLDENAMI_LEDGER_DIR": filepath.Join(dir, "ledger"),
		"PACKER_RUN_UUID": "11111111-2222-3333-4444-555555555555", "TMPDIR": dir,
		"AWS_PROFILE": "", "AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_ACCESS_KEY_ID": "", "AWS_ENDPOINT_URL": "",
	} {
		if err := os.Setenv(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	log.SetOutput(io.Discard)
	code := m.Run()
	if err := goleak.Find(
		// The SDK's shared HTTP client keeps connections of closed test servers for a while.
		goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreTopFunction("internal/poll.runtime_pollWait"),
	); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// rig is an endpoint and a way to build on it.
type rig struct {
	*sandboxtest.Started
	t       *testing.T
	profile string
	address string // of the endpoint, through sent
	hook    packersdk.Hook
	output  *output
	sent    *sent
}

func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigWith(t, sandbox.Options{})
}

func newRigWith(t *testing.T, o sandbox.Options) *rig {
	t.Helper()
	r := &rig{
		t: t, Started: sandboxtest.Start(t, o), hook: &packersdk.MockHook{}, output: &output{}, sent: &sent{},
		profile: fmt.Sprintf("rig-%d", rigs.Add(1)),
	}
	server := httptest.NewServer(r.sent.before(r.Endpoint))
	t.Cleanup(server.Close)
	r.address = server.URL
	r.addProfile(r.profile, true)
	return r
}

// addProfile writes a profile that leads to this rig's endpoint.
func (r *rig) addProfile(name string, withKeys bool) {
	t := r.t
	t.Helper()
	text := fmt.Sprintf("[profile %s]\nendpoint_url = %s\n", name, r.address)
	if withKeys {
		key := r.World().Credentials(sandboxtest.Home)
		text += fmt.Sprintf("aws_access_key_id = %s\naws_secret_access_key = %s\n", key.ID, key.Secret)
	}
	profiles.Lock()
	defer profiles.Unlock()
	file, err := os.OpenFile(profiles.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString(text + "\n")
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}

// with gives the options of a small build, changed by more; nil takes one away.
// plain gives the options as Packer does. Lists and maps are copies, because the SDK
// writes what it rendered into them, and tests share some.
func (r *rig) ui() packersdk.Ui {
	return &packersdk.BasicUi{Reader: strings.NewReader(""), Writer: r.output, ErrorWriter: r.output}
}

// prepared gives a builder that has read the options.
func (r *rig) prepared(options fields) *Builder {
	r.t.Helper()
	b := new(Builder)
	if _, _, err := b.Prepare(plain(options)); err != nil {
		r.t.Fatalf("prepare: %v", err)
	}
	r.t.Cleanup(func() { r.leave(b) })
	return b
}

// leave takes the builder out of the run, as the end of its process does.
func (r *rig) leave(b *Builder) {
	if err := b.session.Close(); err != nil {
		r.t.Errorf("leave the run: %v", err)
	}
}

// spotBuilds has one Spot build run at a time: the step of amazon-ebs names its launch
// template with the SDK's random source, which is of the process and takes no lock.
// Packer gives each build a process of its own.
var spotBuilds sync.Mutex

//nolint:contextcheck // Prepare has no context in Packer's interface
func (r *rig) run(ctx context.Context, options fields) (*Artifact, error) {
	r.t.Helper()
	b := r.prepared(options)
	defer r.leave(b)
	if b.config.IsSpotInstance() {
		spotBuilds.Lock()
		defer spotBuilds.Unlock()
	}
	a, err := b.Run(ctx, r.ui(), r.hook)
	artifact, _ := a.(*Artifact)
	return artifact, err
}

// build runs a build that must end well.
func (r *rig) build(options fields) *Artifact {
	r.t.Helper()
	a, err := r.run(r.t.Context(), options)
	if err != nil {
		r.t.Fatalf("build: %v\n%s", err, r.output)
	}
	return a
}

// count gives how often an action was called with success.
func (r *rig) count(action string) int {
	n := 0
	for _, c := range r.Calls() {
		if c.Action == action && c.Outcome == "OK" {
			n++
		}
	}
	return n
}

// image reads an image back.
func (r *rig) image(region, id string) types.Image {
	r.t.Helper()
	out, err := r.EC2(sandboxtest.Home, region).DescribeImages(r.t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{id}})
	if err != nil {
		r.t.Fatalf("describe %s: %v", id, err)
	}
	if len(out.Images) != 1 {
		r.t.Fatalf("there is no image %s in %s", id, region)
	}
	return out.Images[0]
}

// leftovers lists what an account holds besides images and their snapshots.
func (r *rig) leftovers(region string) []string {
	r.t.Helper()
	ctx, api := r.t.Context(), r.EC2(sandboxtest.Home, region)
	var left []string
	check := func(err error) {
		if err != nil {
			r.t.Fatalf("list what is left: %v", err)
		}
	}
	instances, err := api.DescribeInstances(ctx, &ec2.DescribeInstancesInput{})
	check(err)
	for _, reservation := range instances.Reservations {
		for _, i := range reservation.Instances {
			if i.State.Name != types.InstanceStateNameTerminated {
				left = append(left, *i.InstanceId+" "+string(i.State.Name))
			}
		}
	}
	keys, err := api.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{})
	check(err)
	for _, k := range keys.KeyPairs {
		left = append(left, "key pair "+*k.KeyName)
	}
	groups, err := api.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{})
	check(err)
	for _, g := range groups.SecurityGroups {
		if *g.GroupName != "default" {
			left = append(left, "group "+*g.GroupName)
		}
	}
	volumes, err := api.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{})
	check(err)
	for _, v := range volumes.Volumes {
		left = append(left, *v.VolumeId)
	}
	templates, err := api.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{})
	check(err)
	for _, l := range templates.LaunchTemplates {
		left = append(left, *l.LaunchTemplateId)
	}
	return left
}

// images lists the account's own images and snapshots of a Region.
func (r *rig) images(region string) []string {
	r.t.Helper()
	ctx, api := r.t.Context(), r.EC2(sandboxtest.Home, region)
	images, err := api.DescribeImages(ctx, &ec2.DescribeImagesInput{Owners: []string{"self"}})
	if err != nil {
		r.t.Fatal(err)
	}
	snapshots, err := api.DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}})
	if err != nil {
		r.t.Fatal(err)
	}
	var out []string
	for _, i := range images.Images {
		out = append(out, *i.ImageId)
	}
	for _, s := range snapshots.Snapshots {
		out = append(out, *s.SnapshotId)
	}
	return out
}
