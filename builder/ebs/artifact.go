package ebs

import (
	"context"
	"errors"
	"fmt"
	"log"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	registryimage "github.com/hashicorp/packer-plugin-sdk/packer/registry/image"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/layer"
	"github.com/goldenami/packer-plugin-goldenami/internal/pointer"
)

// StateKey is the artifact state that tells post-processors what the image is, as
// map[string]string.
const StateKey = "goldenami"

// destroyTimeout bounds what Packer waits for when it throws the artifact away.
const destroyTimeout = 10 * time.Minute

// Artifact is the images of one build: a new one with its copies, or one that
// existed and is used again.
type Artifact struct {
	Images map[string]string // by Region
	Reused bool

	state   map[string]any
	facts   map[string]string // see StateKey
	source  string            // the image it was built from
	deleter interface {
		Delete(ctx context.Context, r cloud.Resource) error
	}
	clients *cloud.Clients
	session *layer.Session
	moved   []pointer.Moved // what leads to the images, and where it led before
}

var _ packersdk.Artifact = (*Artifact)(nil)

// artifact gives the result of a build that ended well.
func (b *build) artifact(ctx context.Context) *Artifact {
	a := &Artifact{
		Images: map[string]string{}, Reused: b.reused(), source: b.sourceID(),
		state:   map[string]any{"generated_data": b.completeGeneratedData(ctx)},
		deleter: cloud.NewDeleter(b.unrecorded), clients: b.unrecorded, session: b.session, moved: b.moved,
	}
	for _, r := range b.results {
		a.Images[r.Region] = r.ImageID
	}
	if m := b.meta; m != nil {
		a.facts = map[string]string{
			"family": m.Family, "tier": string(m.Tier), "version": m.Version, "fingerprint": m.Fingerprint,
			"region": b.region(), "image": a.Images[b.region()], "parent": m.Parent,
			"reused": strconv.FormatBool(a.Reused), "run": b.runID,
		}
	} else {
		a.facts = map[string]string{
			"region": b.region(), "image": a.Images[b.region()], "parent": a.source, "reused": "false", "run": b.runID,
		}
	}
	return a
}

// BuilderId tells whose artifact it is.
func (*Artifact) BuilderId() string { return BuilderID }

// Files is empty: an image is no file.
func (*Artifact) Files() []string { return nil }

// Id is region:ami for each Region, sorted, with commas between.
func (a *Artifact) Id() string { return strings.Join(a.pairs(":"), ",") }

// String tells people what there is.
func (a *Artifact) String() string {
	head := "AMIs were created:"
	if a.Reused {
		head = "AMIs are unchanged and used again:"
	}
	return head + "\n" + strings.Join(a.pairs(": "), "\n") + "\n"
}

func (a *Artifact) pairs(between string) []string {
	out := make([]string, 0, len(a.Images))
	for _, region := range sortedKeys(a.Images) {
		out = append(out, region+between+a.Images[region])
	}
	return out
}

// State gives generated_data, the facts under StateKey, and what the HCP Packer
// registry stores.
func (a *Artifact) State(name string) any {
	switch name {
	case StateKey:
		return maps.Clone(a.facts)
	case registryimage.ArtifactStateURI:
		return a.registryImages()
	case "atlas.artifact.metadata":
		out := map[string]string{}
		for region, id := range a.Images {
			out["region."+region] = id
		}
		return out
	}
	if value, ok := a.state[name]; ok {
		return value
	}
	return nil
}

func (a *Artifact) registryImages() []*registryimage.Image {
	labels := map[string]string{}
	for _, key := range []string{"family", "tier", "version", "fingerprint", "reused"} {
		if a.facts[key] != "" {
			labels[key] = a.facts[key]
		}
	}
	out := make([]*registryimage.Image, 0, len(a.Images))
	for _, region := range sortedKeys(a.Images) {
		out = append(out, &registryimage.Image{
			ImageID: a.Images[region], ProviderName: "aws", ProviderRegion: region,
			SourceImageID: a.source, Labels: maps.Clone(labels),
		})
	}
	return out
}

// Destroy takes the images and their snapshots away, and can be repeated. Packer
// calls it when a post-processor fails or wants the artifact gone. An image that was
// there before this build stays then, and so does one that others use by now: machines
// run on it, and tiers build on it.
func (a *Artifact) Destroy() (err error) {
	if a.Reused {
		return nil
	}
	defer func() {
		if err != nil {
			log.Printf("[ERROR] %s: %s", a.Id(), err) // the SDK's RPC cannot carry the error of Destroy
		}
	}()
	ctx, stop := context.WithTimeout(context.Background(), destroyTimeout)
	defer stop()
	used, err := a.session.Withdraw("Packer deleted its image")
	if err == nil && !used {
		if err := a.refuseIfUsed(ctx, a.builtOn, a.instances); err != nil {
			return err
		}
	}
	// Machines that start by a launch template or a parameter need an image that is there.
	if err := (&pointer.Mover{Clients: pointer.FromCloud(a.clients)}).Undo(ctx, a.moved); err != nil {
		return fmt.Errorf("the images stay, because what leads to them could not be moved back: %w", err)
	}
	if err != nil || used {
		return errors.Join(err, a.disown(ctx))
	}
	if err := a.refuseIfUsed(ctx, a.pointers); err != nil {
		return err
	}
	var errs []error
	for _, region := range sortedKeys(a.Images) {
		errs = append(errs, a.deleter.Delete(ctx, cloud.Resource{Kind: cloud.KindImage, ID: a.Images[region], Region: region}))
	}
	return errors.Join(errs...)
}

// disown keeps images that another build of the run has built on, and has no
// further build find them.
func (a *Artifact) disown(ctx context.Context) error {
	// Those who build on it learn it before they call their own images good.
	errs := []error{a.session.Publish(layer.Result{Status: layer.Destroyed, Reason: "Packer was to delete it, and it was marked as bad instead, because this build uses it"})}
	for _, region := range slices.Sorted(maps.Keys(a.Images)) {
		errs = append(errs, ami.SetState(ctx, a.clients.EC2(region), ami.Bad, a.Images[region]))
	}
	return errors.Join(append(errs, fmt.Errorf("another build of this run is built on %s: the images stay, and are marked as bad", a.Id()))...)
}

// sourceID is the image that the result was built from.
func (b *build) sourceID() string {
	if b.meta != nil {
		return b.meta.Parent
	}
	if b.source.ImageId == nil {
		return ""
	}
	return *b.source.ImageId
}
