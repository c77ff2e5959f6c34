package distribute

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sort"
	"strings"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	registryimage "github.com/hashicorp/packer-plugin-sdk/packer/registry/image"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
)

// Artifact lists every image of the set, in every Region.
type Artifact struct {
	images map[string]string // Region -> image
	made   map[string]string // those of them that this run made
	state  map[string]interface{}

	connect func(context.Context) (deleter, func(), error)
}

var _ packersdk.Artifact = (*Artifact)(nil)

func newArtifact(in *input, source distribution.Source, results []distribution.Result, connect func(context.Context) (deleter, func(), error)) *Artifact {
	a := &Artifact{
		images: maps.Clone(in.images), made: make(map[string]string),
		state: make(map[string]interface{}), connect: connect,
	}
	for _, r := range results {
		a.images[r.Region] = r.ImageID
		if !r.Adopted {
			a.made[r.Region] = r.ImageID
		}
	}
	if in.generated != nil {
		a.state[stateGenerated] = in.generated
	}
	if in.goldenami != nil {
		a.state[stateGoldenAMI] = in.goldenami
	}
	a.state[stateSource] = source.String()
	a.state[registryimage.ArtifactStateURI] = a.registryImages(in)
	return a
}

// registryImages is the metadata for the HCP Packer registry: an image per Region.
func (a *Artifact) registryImages(in *input) []*registryimage.Image {
	images := make([]*registryimage.Image, 0, len(a.images))
	for _, region := range a.regions() {
		images = append(images, &registryimage.Image{
			ImageID: a.images[region], ProviderName: "aws", ProviderRegion: region,
			Labels: maps.Clone(in.labels), SourceImageID: in.sourceID,
		})
	}
	return images
}

func (a *Artifact) regions() []string {
	regions := make([]string, 0, len(a.images))
	for region := range a.images {
		regions = append(regions, region)
	}
	sort.Strings(regions)
	return regions
}

// BuilderId names this component as the maker.
func (*Artifact) BuilderId() string { return BuilderID }

// Files is empty: images are not files.
func (*Artifact) Files() []string { return nil }

// Id is region:ami,region:ami, sorted by Region.
func (a *Artifact) Id() string {
	pairs := make([]string, 0, len(a.images))
	for _, region := range a.regions() {
		pairs = append(pairs, region+":"+a.images[region])
	}
	return strings.Join(pairs, ",")
}

// String lists the images for people and marks those that are new.
func (a *Artifact) String() string {
	var b strings.Builder
	b.WriteString("AMIs were distributed:")
	for _, region := range a.regions() {
		fmt.Fprintf(&b, "\n%s: %s", region, a.images[region])
		if a.made[region] != "" {
			b.WriteString(" (new)")
		}
	}
	return b.String() + "\n"
}

// State hands on what the builder told, and tells the registry of all images.
func (a *Artifact) State(name string) interface{} { return a.state[name] }

// destroyFor bounds Destroy, which Packer calls without a context.
const destroyFor = 10 * time.Minute

// Destroy removes the images that this run made, with their snapshots. Those
// that were there before belong to another artifact or another run and stay.
func (a *Artifact) Destroy() error {
	if len(a.made) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), destroyFor)
	defer cancel()
	d, done, err := a.connect(ctx)
	if err != nil {
		return fmt.Errorf("goldenami-distribute: destroy: %w", err)
	}
	defer done()
	var errs []error
	for _, region := range a.regions() {
		id := a.made[region]
		if id == "" {
			continue
		}
		if err := d.Delete(ctx, cloud.Resource{Kind: cloud.KindImage, ID: id, Region: region}); err != nil {
			errs = append(errs, fmt.Errorf("destroy %s in %s: %w", id, region, err))
			continue
		}
		delete(a.made, region)
		delete(a.images, region)
	}
	return errors.Join(errs...)
}
