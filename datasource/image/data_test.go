package image

import (
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/rpc"
	"github.com/zclconf/go-cty/cty"
	"go.uber.org/goleak"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	goleak.VerifyTestMain(m,
		// The SDK's RPC servers end when their pipe does, some time later.
		goleak.IgnoreAnyFunction("github.com/hashicorp/packer-plugin-sdk/rpc.(*muxBroker).Run"),
		goleak.IgnoreAnyFunction("github.com/hashicorp/packer-plugin-sdk/rpc.(*muxBroker).timeoutWait"),
		goleak.IgnoreAnyFunction("github.com/hashicorp/yamux.(*Session).recv"),
		// The SDK's shared HTTP client keeps connections of closed test servers for a while.
		goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreTopFunction("internal/poll.runtime_pollWait"))
}

const (
	home  = "us-east-1"
	week  = 7 * 24 * time.Hour
	parts = "ami-0123456789abcdef0"
)

// rig is the local endpoint, and the data source at the far end of a pipe.
type rig struct {
	*testing.T
	*sandboxtest.Started
	vendor types.Image
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{T: t, Started: sandboxtest.Start(t, sandbox.Options{})}
	found, err := r.api().DescribeImages(t.Context(), &ec2.DescribeImagesInput{
		Owners: []string{"136693071363"}, Filters: []types.Filter{{Name: aws.String("name"), Values: []string{"debian-12-*"}}},
	})
	if err != nil || len(found.Images) == 0 {
		t.Fatalf("the vendor's image: %v, %v", found, err)
	}
	r.vendor = found.Images[0]
	return r
}

func (r *rig) api() *ec2.Client { return r.EC2(sandboxtest.Home, home) }

// image makes an image with these tags; register makes it for arm64.
func (r *rig) image(change func(*ami.Meta), more ...types.Tag) (string, ami.Meta) {
	r.Helper()
	now := time.Now().UTC().Truncate(time.Second)
	meta := ami.Meta{
		Family: "web", Tier: ami.Full, State: ami.Good, Version: ami.NewVersion(time.Now()), Fingerprint: strings.Repeat("ab", 32),
		Parent: parts, ParentVersion: ami.NewVersion(now), Root: *r.vendor.ImageId, BuiltAt: now, ExpiresAt: now.Add(2 * week),
	}
	if change != nil {
		change(&meta)
	}
	out, err := r.api().CopyImage(r.Context(), &ec2.CopyImageInput{
		Name: aws.String("n-" + meta.Version), SourceImageId: r.vendor.ImageId, SourceRegion: aws.String(home),
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeImage, Tags: append(ami.EC2Tags(meta.Tags()), more...)}},
	})
	if err != nil {
		r.Fatal(err)
	}
	r.wait(*out.ImageId)
	return *out.ImageId, meta
}

func (r *rig) wait(id string) {
	r.Helper()
	waiter := ec2.NewImageAvailableWaiter(r.api(), func(o *ec2.ImageAvailableWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, 10*time.Millisecond
	})
	if err := waiter.Wait(r.Context(), &ec2.DescribeImagesInput{ImageIds: []string{id}}, time.Minute); err != nil {
		r.Fatal(err)
	}
}

// twin makes the image anew for another architecture, with the same tags.
func (r *rig) twin(meta ami.Meta, architecture types.ArchitectureValues) string {
	r.Helper()
	out, err := r.api().RegisterImage(r.Context(), &ec2.RegisterImageInput{
		Name: aws.String("twin-" + meta.Version), Architecture: architecture, RootDeviceName: r.vendor.RootDeviceName,
		VirtualizationType: aws.String("hvm"),
		BlockDeviceMappings: []types.BlockDeviceMapping{{
			DeviceName: r.vendor.RootDeviceName, Ebs: &types.EbsBlockDevice{SnapshotId: r.snapshot()},
		}},
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeImage, Tags: ami.EC2Tags(meta.Tags())}},
	})
	if err != nil {
		r.Fatal(err)
	}
	r.wait(*out.ImageId)
	return *out.ImageId
}

func (r *rig) snapshot() *string {
	r.Helper()
	out, err := r.api().DescribeSnapshots(r.Context(), &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}})
	if err != nil || len(out.Snapshots) == 0 {
		r.Fatalf("snapshots: %v, %v", out, err)
	}
	return out.Snapshots[0].SnapshotId
}

// options are those that lead to the endpoint, with more.
func (r *rig) options(more map[string]any) map[string]any {
	key := r.World().Credentials(sandboxtest.Home)
	all := map[string]any{
		"region": home, "access_key": key.ID, "secret_key": key.Secret, "custom_endpoint_ec2": r.URL, "max_retries": 2,
		"family": "web", "tier": "full",
	}
	for name, value := range more {
		all[name] = value
	}
	return all
}

// find configures and runs the data source as Packer does.
func (r *rig) find(more map[string]any) (map[string]cty.Value, error) {
	r.Helper()
	d := remote(r.T)
	if err := d.Configure(r.options(more)); err != nil {
		r.Fatalf("configure: %v", err)
	}
	value, err := d.Execute()
	if err != nil {
		return nil, err
	}
	for name := range d.OutputSpec() {
		if !value.Type().HasAttribute(name) {
			r.Errorf("there is no value %s", name)
		}
	}
	return value.AsValueMap(), nil
}

func remote(t *testing.T) packersdk.Datasource {
	t.Helper()
	near, far := net.Pipe()
	server, err := rpc.NewServer(far)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.RegisterDatasource(new(Datasource)); err != nil {
		t.Fatal(err)
	}
	go server.Serve()
	client, err := rpc.NewClient(near)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = client.Close()
		_ = server.Close()
	})
	return client.Datasource()
}

func TestTellsOfTheNewestGoodImage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	older, olderMeta := r.image(nil)
	id, meta := r.image(nil, ami.EC2Tags(map[string]string{"team": "web", ami.TagPrefix + "launch-template": "lt-0123456789abcdef0:7"})...)
	r.image(func(m *ami.Meta) { m.State = ami.Revoked })
	r.image(func(m *ami.Meta) { m.Family = "db" })
	got, err := r.find(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"id": id, "name": "n-" + meta.Version, "region": home, "owner": sandboxtest.Home, "architecture": "x86_64",
		"version": meta.Version, "parent": parts, "parent_version": meta.ParentVersion, "root": meta.Root,
		"fingerprint": meta.Fingerprint, "built_at": meta.BuiltAt.Format(time.RFC3339), "expires_at": meta.ExpiresAt.Format(time.RFC3339),
		"launch_template_id": "lt-0123456789abcdef0", "launch_template_version": "7",
	} {
		if have := got[name].AsString(); have != want {
			t.Errorf("%s is %q, not %q", name, have, want)
		}
	}
	if got["tags"].AsValueMap()["team"].AsString() != "web" {
		t.Errorf("tags are %v", got["tags"])
	}
	got, err = r.find(map[string]any{"version": olderMeta.Version, "owners": []string{sandboxtest.Home}, "architecture": "x86_64", "min_remaining": "7d"})
	if err != nil || got["id"].AsString() != older || got["launch_template_id"].AsString() != "" {
		t.Errorf("of version %s: %v, %v", olderMeta.Version, got["id"], err)
	}
}

func TestSaysWhatThereIsInstead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	expect := func(more map[string]any, words ...string) {
		t.Helper()
		_, err := r.find(more)
		if err == nil {
			t.Fatalf("%v: an image was found", more)
		}
		for _, w := range words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%v: the error does not say %q: %v", more, w, err)
			}
		}
	}
	expect(nil, "web/full", home, "the family has no image there")
	r.image(func(m *ami.Meta) { m.Tier = ami.OSOnly })
	expect(nil, "images of tier os-only only")
	expired, meta := r.image(func(m *ami.Meta) { m.ExpiresAt = time.Now().Add(-time.Hour) })
	bad, _ := r.image(func(m *ami.Meta) { m.State = ami.Bad })
	expect(nil, expired+" (version "+meta.Version+") expired on "+meta.ExpiresAt.Format(time.DateOnly), bad, "is bad")
	id, good := r.image(nil)
	expect(map[string]any{"min_remaining": "30d"}, "with 30d", id, "expires on")
	expect(map[string]any{"version": meta.Version}, id+" (version "+good.Version+") is the newest good one")
	expect(map[string]any{"architecture": "arm64"}, id, "is for x86_64")
	expect(map[string]any{"owners": []string{"999999999999"}}, "the family has no image there")

	arm := r.twin(good, types.ArchitectureValuesArm64)
	expect(nil, "architecture", "arm64, x86_64")
	if got, err := r.find(map[string]any{"architecture": "arm64"}); err != nil || got["id"].AsString() != arm {
		t.Errorf("for arm64: %v, %v", got["id"], err)
	}
}

func TestOptionalIsEmptyWhereThereIsNone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got, err := r.find(map[string]any{"optional": true})
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range got {
		if name == "tags" {
			if value.LengthInt() != 0 {
				t.Errorf("tags are %v", value)
			}
		} else if value.AsString() != "" {
			t.Errorf("%s is %q", name, value.AsString())
		}
	}
	if _, err := r.find(map[string]any{"optional": true, "access_key": "AKIAUNKNOWNUNKNOWN00"}); err == nil || !strings.Contains(err.Error(), "AuthFailure") {
		t.Errorf("with a key that nobody has: %v", err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for option, bad := range map[string]struct {
		value any
		fix   string
	}{
		"family":        {"web*", "letters, digits"},
		"tier":          {"os", "os-only, hybrid, full"},
		"architecture":  {"amd64", "x86_64"},
		"version":       {"1.2", "26 digits"},
		"owners":        {[]string{"me"}, "12 digits"},
		"min_remaining": {"1 week", "30d"},
		"region":        {"ireland", "such as eu-west-1"},
		"max_retries":   {-1, "negative"},
	} {
		err := remote(t).Configure(map[string]any{"family": "web", "tier": "full", option: bad.value})
		if err == nil || !strings.Contains(err.Error(), option+": ") || !strings.Contains(err.Error(), bad.fix) {
			t.Errorf("%s = %v: %v", option, bad.value, err)
		}
		if s, isText := bad.value.(string); isText && option != "region" {
			if err := remote(t).Configure(map[string]any{"family": "web", "tier": "full", option: s + "<unknown>"}); err != nil {
				t.Errorf("%s is not known yet: %v", option, err)
			}
		}
	}
	err := remote(t).Configure(map[string]any{"min_remaining": "0d"})
	for _, want := range []string{"family: it must be set", "tier: it must be set", "min_remaining: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
	if spec := fmt.Sprint(remote(t).ConfigSpec()); !strings.Contains(spec, "min_remaining") || !strings.Contains(spec, "assume_role") {
		t.Errorf("the options did not come through: %s", spec)
	}
}
