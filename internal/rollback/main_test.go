package rollback_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go/middleware"
	"go.uber.org/goleak"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/pointer"
	"github.com/goldenami/packer-plugin-goldenami/internal/rollback"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

const (
	home = "eu-west-1"
	away = "us-east-1"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// Connections of a test server that was closed end by themselves.
		goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreTopFunction("internal/poll.runtime_pollWait"),
	)
}

// rig is an endpoint with images of a family, and an engine on it that can die.
type rig struct {
	*sandboxtest.Started
	t      *testing.T
	now    time.Time
	arch   types.ArchitectureValues // of images that are made
	disks  map[string]string        // the snapshot of all images of a Region
	writes atomic.Int64             // that are left until every call fails
}

var errDied = errors.New("the process died")

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{Started: sandboxtest.Start(t, sandbox.Options{}), t: t, now: time.Now().UTC().Truncate(time.Second), arch: types.ArchitectureValuesX8664, disks: map[string]string{}}
	r.writes.Store(1 << 40)
	return r
}

type clients struct{ r *rig }

func (c clients) EC2(region string) rollback.EC2 { return ec2.NewFromConfig(c.r.config(region)) }
func (c clients) SSM(region string) pointer.SSM  { return ssm.NewFromConfig(c.r.config(region)) }

// config is that of clients whose calls fail once the last write was made.
func (r *rig) config(region string) aws.Config {
	cfg := r.Config(sandboxtest.Home, region)
	cfg.APIOptions = append(slices.Clone(cfg.APIOptions), func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("mortal", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			left := r.writes.Load()
			if !reads(awsmiddleware.GetOperationName(ctx)) {
				left = r.writes.Add(-1)
			}
			if left < 0 {
				return middleware.InitializeOutput{}, middleware.Metadata{}, errDied
			}
			return next.HandleInitialize(ctx, in)
		}), middleware.Before)
	})
	return cfg
}

func reads(operation string) bool {
	return strings.HasPrefix(operation, "Describe") || strings.HasPrefix(operation, "Get")
}

func (r *rig) engine() *rollback.Engine { return &rollback.Engine{Clients: clients{r}} }

func (r *rig) request(change func(*rollback.Request)) rollback.Request {
	request := rollback.Request{
		Family: "web", Tier: ami.Full, To: rollback.Previous, Reason: "does not boot", Home: home, Regions: []string{home, away}, Now: r.now,
	}
	if change != nil {
		change(&request)
	}
	return request
}

// run plans and does it, which must go well.
func (r *rig) run(change func(*rollback.Request)) *rollback.Plan {
	r.t.Helper()
	p, err := r.engine().Plan(r.t.Context(), r.request(change))
	r.must(err)
	r.must(r.engine().Execute(r.t.Context(), p))
	return p
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// release is a version with an image in each Region.
type release struct {
	meta ami.Meta
	ids  map[string]string
}

// make registers a version of a tier, so many days old, in both Regions.
func (r *rig) make(days int, tier ami.Tier, parent *release, change func(*ami.Meta), regions ...string) *release {
	r.t.Helper()
	built := r.now.AddDate(0, 0, -days)
	meta := ami.Meta{Family: "web", Tier: tier, State: ami.Good, Version: ami.NewVersion(built), BuiltAt: built, ExpiresAt: r.now.AddDate(0, 1, 0)}
	if parent != nil {
		meta.Parent, meta.ParentVersion = parent.ids[home], parent.meta.Version
	}
	if change != nil {
		change(&meta)
	}
	if len(regions) == 0 {
		regions = []string{home, away}
	}
	made := &release{meta: meta, ids: map[string]string{}}
	for _, region := range regions {
		made.ids[region] = r.register(region, "web-"+meta.Version, meta.Tags())
	}
	return made
}

func (r *rig) register(region, name string, tags map[string]string) string {
	r.t.Helper()
	api := r.EC2(sandboxtest.Home, region)
	in := &ec2.RegisterImageInput{
		Name: &name, RootDeviceName: aws.String("/dev/xvda"), Architecture: r.arch, VirtualizationType: aws.String("hvm"), EnaSupport: aws.Bool(true),
		BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{SnapshotId: aws.String(r.disk(region))}}},
	}
	if len(tags) > 0 {
		in.TagSpecifications = []types.TagSpecification{{ResourceType: types.ResourceTypeImage, Tags: ami.EC2Tags(tags)}}
	}
	made, err := api.RegisterImage(r.t.Context(), in)
	r.must(err)
	return *made.ImageId
}

// disk gives the Region's snapshot, made when it is first asked for.
func (r *rig) disk(region string) string {
	r.t.Helper()
	if id := r.disks[region]; id != "" {
		return id
	}
	api := r.EC2(sandboxtest.Home, region)
	volume, err := api.CreateVolume(r.t.Context(), &ec2.CreateVolumeInput{AvailabilityZone: aws.String(region + "a"), Size: aws.Int32(1)})
	r.must(err)
	snapshot, err := api.CreateSnapshot(r.t.Context(), &ec2.CreateSnapshotInput{VolumeId: volume.VolumeId})
	r.must(err)
	r.disks[region] = *snapshot.SnapshotId
	return r.disks[region]
}

// lead has the launch template and the parameter of a tier follow a version.
func (r *rig) lead(v *release) {
	r.t.Helper()
	mover := pointer.Mover{Clients: leading{r}}
	_, err := mover.Follow(r.t.Context(), v.ids, pointer.Wish{
		Template: &pointer.Template{Name: templateOf(v.meta.Tier)}, Parameters: []pointer.Parameter{{Name: parameterOf(v.meta.Tier)}},
	})
	r.must(err)
}

type leading struct{ r *rig }

func (c leading) EC2(region string) pointer.EC2 { return c.r.EC2(sandboxtest.Home, region) }
func (c leading) SSM(region string) pointer.SSM { return c.r.SSM(sandboxtest.Home, region) }

func templateOf(tier ami.Tier) string  { return "web-" + string(tier) }
func parameterOf(tier ami.Tier) string { return "/web/" + string(tier) }

// leads gives what launch template and parameter of a tier lead to, and the number of
// the default version.
func (r *rig) leads(region string, tier ami.Tier) (template, parameter string, number int64) {
	r.t.Helper()
	api := r.EC2(sandboxtest.Home, region)
	found, err := pointer.ByName(r.t.Context(), api, templateOf(tier))
	r.must(err)
	v, err := pointer.VersionNamed(r.t.Context(), api, found.ID, "$Default")
	r.must(err)
	value, err := pointer.Read(r.t.Context(), r.SSM(sandboxtest.Home, region), parameterOf(tier))
	r.must(err)
	return v.ImageID, value.Text, found.Default
}

// mustLead fails unless both pointers of a tier lead to the version everywhere.
func (r *rig) mustLead(v *release) {
	r.t.Helper()
	for region, id := range v.ids {
		if template, parameter, _ := r.leads(region, v.meta.Tier); template != id || parameter != id {
			r.t.Errorf("%s: the launch template leads to %s and the parameter to %s, not to %s", region, template, parameter, id)
		}
	}
}

func (r *rig) image(region, id string) (types.Image, ami.Meta) {
	r.t.Helper()
	out, err := r.EC2(sandboxtest.Home, region).DescribeImages(r.t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{id}})
	r.must(err)
	meta, _ := ami.Parse(out.Images[0].Tags)
	return out.Images[0], meta
}

// mustBe fails unless the version is in that state everywhere.
func (r *rig) mustBe(v *release, state ami.State) {
	r.t.Helper()
	for region, id := range v.ids {
		if _, meta := r.image(region, id); meta.State != state {
			r.t.Errorf("%s %s in %s is %s, not %s", v.meta.Tier, v.meta.Version, region, meta.State, state)
		}
	}
}
