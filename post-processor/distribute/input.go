package distribute

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	registryimage "github.com/hashicorp/packer-plugin-sdk/packer/registry/image"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
)

// BuilderID is that of the artifacts made here, and the component's own name for
// what it accepts from itself.
const BuilderID = "goldenami.distribute"

// accepted are the builders whose artifacts are lists of region:ami pairs. The
// EBS volume builder of Amazon's plugin is not among them: its ids are volumes.
var accepted = []string{
	"goldenami.ebs", BuilderID,
	"mitchellh.amazonebs", "mitchellh.amazon.ebssurrogate", "mitchellh.amazon.chroot",
}

// The names of the states that this component reads and hands on.
const (
	stateGenerated = "generated_data"
	stateGoldenAMI = "goldenami"
	stateSource    = "goldenami.source" // of our own artifact: region:ami that all others were copied from
)

var imageID = regexp.MustCompile(`^ami-[0-9a-f]{8,17}$`)

// input is what is known of the artifact that was handed in.
type input struct {
	images    map[string]string // Region -> image
	generated map[string]interface{}
	goldenami map[string]string
	labels    map[string]string // of the HCP registry
	sourceID  string            // what the build started from, for the HCP registry
	copied    string            // Region of the image that the others were copied from, if an earlier run said
}

// readInput reads everything at once, since the artifact is gone when
// PostProcess has returned.
func readInput(a packersdk.Artifact) (*input, error) {
	if a == nil {
		return nil, errors.New("there is no artifact to distribute: the build made none")
	}
	if id := a.BuilderId(); !slices.Contains(accepted, id) {
		return nil, fmt.Errorf("cannot distribute an artifact of %q: it takes those of %s", id, strings.Join(accepted, ", "))
	}
	images, err := parseID(a.Id())
	if err != nil {
		return nil, err
	}
	in := &input{images: images, goldenami: stringMap(a.State(stateGoldenAMI))}
	in.generated, _ = plain(a.State(stateGenerated)).(map[string]interface{})
	if pair, ok := plain(a.State(stateSource)).(string); ok {
		in.copied, _, _ = strings.Cut(pair, ":")
	}
	in.labels, in.sourceID = registryFacts(a.State(registryimage.ArtifactStateURI))
	return in, nil
}

// parseID reads region:ami,region:ami.
func parseID(id string) (map[string]string, error) {
	images := make(map[string]string)
	for pair := range strings.SplitSeq(id, ",") {
		region, image, ok := strings.Cut(strings.TrimSpace(pair), ":")
		if !ok || !cloud.ValidRegion(region) || !imageID.MatchString(image) {
			return nil, fmt.Errorf("the artifact's id %q is not a list of REGION:AMI pairs, so there is no image to distribute (was it built with skip_create_ami?)", id)
		}
		if _, twice := images[region]; twice {
			return nil, fmt.Errorf("the artifact's id %q has two images in %s", id, region)
		}
		images[region] = image
	}
	return images, nil
}

// source chooses the image to copy from: the one an earlier run chose, else the one
// where the build says it was made, else the one in the Region of the options, else
// the first by name.
func (in *input) source(region string) distribution.Source {
	regions := make([]string, 0, len(in.images))
	for r := range in.images {
		regions = append(regions, r)
	}
	sort.Strings(regions)
	built, _ := in.generated["BuildRegion"].(string)
	for _, r := range append([]string{in.copied, in.goldenami["region"], built, region}, regions...) {
		if image, ok := in.images[r]; ok {
			return distribution.Source{Region: r, ImageID: image}
		}
	}
	return distribution.Source{}
}

// extend adds the artifact's other images to what the options ask for.
func (in *input) extend(spec *distribution.Spec, source distribution.Source) {
	spec.Existing = make(map[string]string)
	regions := make([]string, 0, len(in.images))
	for region := range in.images {
		regions = append(regions, region)
	}
	sort.Strings(regions)
	for _, region := range regions {
		if region == source.Region {
			continue
		}
		spec.Existing[region] = in.images[region]
		if !slices.ContainsFunc(spec.Targets, func(t distribution.Target) bool { return t.Region == region }) {
			spec.Targets = append(spec.Targets, distribution.Target{Region: region})
		}
	}
}
