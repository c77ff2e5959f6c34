//go:build e2e

package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// The Regions that the templates of the acceptance tests use besides those above.
const (
	ohio       = "us-east-2"
	california = "us-west-1"
	oregon     = "us-west-2"
)

// group is a group of options of amazon-ebs, after its own acceptance tests: a
// template that the real Packer runs, and what must be true of EC2 then.
type group struct {
	name string
	// template is a file below testdata/conformance; empty is the group's name.
	template string
	// region is where the template builds; empty is home.
	region string
	// source are owner and name of the image to build from; empty is Debian 12.
	source [2]string
	// vars are for variables of the template; ${name} in one is a prepared value.
	vars map[string]string
	// live looks at the instance while a template that declares "hold" waits.
	live func(t *testing.T, c *conformance, i types.Instance)
	// fails is what Packer says where amazon-ebs fails on EC2 too.
	fails string
	check func(t *testing.T, c *conformance, output string)
}

// TestConformance runs every option group that the endpoint can serve against one
// endpoint, several at a time, looks for what they left, and reads all back.
func TestConformance(t *testing.T) {
	c := newConformance(t, "none")
	c.prepare(t)
	t.Run("group", func(t *testing.T) {
		for _, g := range slices.Concat(imageGroups, copyGroups, deviceGroups, launchGroups, networkGroups, fastLaunchGroups) {
			t.Run(g.name, func(t *testing.T) {
				t.Parallel()
				c.run(t, g)
			})
		}
	})
	c.mustBeTidy(t)
	c.readBack(t, c.makeLive(t))
	t.Run("cli", c.readBackByCLI)
}

// conformance is the endpoint of all groups, with what they find there.
type conformance struct {
	*endpoint
	// values are for the variables that templates declare.
	values map[string]string
	keys   map[string]string
	mu     sync.Mutex
	// kept are what is to stay of no image and no build, as a lister shows it.
	kept []string
}

func (c *conformance) keep(region, kind, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = append(c.kept, region+" "+kind+" "+id)
}

func newConformance(t *testing.T, instances string, flags ...string) *conformance {
	t.Helper()
	c := &conformance{endpoint: startEndpoint(t, "instant", append(flags, "--instances", instances)...), values: map[string]string{}}
	c.env["AWS_POLL_DELAY_SECONDS"] = "1" // amazon-ebs's own setting for its waits
	return c
}

// run builds the template of a group and checks what came of it.
func (c *conformance) run(t *testing.T, g group) {
	t.Helper()
	file, text := g.file(t)
	vars := map[string]string{"aws": built.aws, "source_ami": c.source(t, g)}
	maps.Copy(vars, c.values)
	for name, value := range g.vars {
		vars[name] = os.Expand(value, func(name string) string { return c.values[name] })
	}
	hold := filepath.Join(t.TempDir(), "hold")
	vars["hold"] = hold
	args := []string{"build", "-color=false"}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if strings.Contains(text, `"`+name+`"`) {
			args = append(args, "-var", name+"="+vars[name])
		}
	}
	build := startPacker(t, c.environ(), append(args, file)...)
	if g.live != nil {
		c.lookAtInstance(t, g, build, hold)
	}
	output, err := build.wait(t, buildLimit)
	switch {
	case g.fails != "" && (err == nil || !strings.Contains(output, g.fails)):
		t.Fatalf("packer build ended with %v and must say %q:\n%s", err, g.fails, output)
	case g.fails == "" && err != nil:
		t.Fatalf("packer build: %v\n%s", err, output)
	}
	if g.check != nil {
		g.check(t, c, output)
	}
}

func (g group) where() string {
	if g.region == "" {
		return home
	}
	return g.region
}

func (g group) file(t *testing.T) (path, text string) {
	t.Helper()
	name := g.template
	if name == "" {
		name = g.name + ".pkr.hcl"
	}
	path = filepath.Join("test", "e2e", "testdata", "conformance", name)
	content, err := os.ReadFile(filepath.Join(built.root, path))
	if err != nil {
		t.Fatal(err)
	}
	return path, string(content)
}

// lookAtInstance waits for the build to write its instance's id into the file,
// looks at the instance, and lets the build go on by removing the file.
func (c *conformance) lookAtInstance(t *testing.T, g group, build *packerRun, hold string) {
	t.Helper()
	var id string
	until(t, "the instance of "+g.name, time.Minute, func() bool {
		if build.ended() {
			t.Fatalf("packer ended before it had an instance: %v\n%s", build.err, build.out)
		}
		text, err := os.ReadFile(hold)
		id = strings.TrimSpace(string(text))
		return err == nil && strings.HasSuffix(string(text), "\n")
	})
	defer func() {
		if err := os.Remove(hold); err != nil {
			t.Error(err)
		}
	}()
	found, err := c.ec2(g.where()).DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	if err != nil {
		t.Error(err)
		return
	}
	g.live(t, c, found.Reservations[0].Instances[0])
}

// source is the image that a group builds from.
func (c *conformance) source(t *testing.T, g group) string {
	t.Helper()
	if g.source[0] != "" {
		return c.vendor(t, g.where(), g.source[0], g.source[1])
	}
	return c.debian(t, g.where())
}

// debian is the vendor's newest Debian 12 image of a Region.
func (c *conformance) debian(t *testing.T, region string) string {
	t.Helper()
	return c.vendor(t, region, "136693071363", "debian-12-amd64-*")
}

// vendor is a vendor's image of a name.
func (c *conformance) vendor(t *testing.T, region, owner, name string) string {
	t.Helper()
	found, err := c.ec2(region).DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{owner}, Filters: []types.Filter{filter("name", name)}})
	if err != nil || len(found.Images) == 0 {
		t.Fatalf("find %s of %s in %s: %v, %v", name, owner, region, found, err)
	}
	return aws.ToString(found.Images[0].ImageId)
}

func filter(name string, values ...string) types.Filter {
	return types.Filter{Name: aws.String(name), Values: values}
}

// image is the account's one image of a name.
func (c *conformance) image(t *testing.T, region, name string) types.Image {
	t.Helper()
	all := c.images(t, region, name)
	if len(all) != 1 {
		t.Fatalf("%d images %s in %s, not 1", len(all), name, region)
	}
	if all[0].State != types.ImageStateAvailable {
		t.Errorf("%s in %s is %s", name, region, all[0].State)
	}
	return all[0]
}

func (c *conformance) images(t *testing.T, region, name string) []types.Image {
	t.Helper()
	found, err := c.ec2(region).DescribeImages(t.Context(), &ec2.DescribeImagesInput{
		Owners: []string{"self"}, IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true), Filters: []types.Filter{filter("name", name)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return found.Images
}

// snapshotsOf are the snapshots of an image's devices, in the image's order.
func (c *conformance) snapshotsOf(t *testing.T, region string, image types.Image) []types.Snapshot {
	t.Helper()
	var all []types.Snapshot
	for _, m := range image.BlockDeviceMappings {
		if m.Ebs == nil || m.Ebs.SnapshotId == nil {
			continue
		}
		found, err := c.ec2(region).DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{*m.Ebs.SnapshotId}})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found.Snapshots...)
	}
	if len(all) == 0 {
		t.Fatalf("%s has no snapshot", aws.ToString(image.ImageId))
	}
	return all
}

func tagsOf(tags []types.Tag) map[string]string {
	all := map[string]string{}
	for _, tag := range tags {
		all[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return all
}

// mustHaveTags fails unless a resource has exactly these tags.
func mustHaveTags(t *testing.T, what string, tags []types.Tag, want map[string]string) {
	t.Helper()
	if got := tagsOf(tags); !maps.Equal(got, want) {
		t.Errorf("tags of %s: %v, not %v", what, got, want)
	}
}
