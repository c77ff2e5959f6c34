package layer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// Base is what an image is built on.
type Base struct {
	ImageID string
	// Version is the parent's; empty where the base is the source image.
	Version string
	// Root is the vendor's image below all layers.
	Root string
	// ExpiresAt caps the shelf life of what is built on it; zero does not.
	ExpiresAt time.Time
	// Tier is what the base has baked already; empty for the source image.
	// It is the parent of stage.Cut.
	Tier ami.Tier
	// InRun tells that a build of this run made or reused it.
	InRun bool
}

// Identity is what goes into the fingerprint: the parent's version, which is
// the same in all Regions, or the source image's id.
func (b Base) Identity() string {
	if b.Version != "" {
		return b.Version
	}
	return b.ImageID
}

// SourceBase is the base of an image that is built from the source image.
func SourceBase(imageID string) Base { return Base{ImageID: imageID, Root: imageID} }

// Lookup finds the newest good image of a key; false if there is none.
type Lookup interface {
	Newest(ctx context.Context, key Key, includeExpired bool) (ami.Image, bool, error)
}

// OnMissing says what to do where there is no parent.
type OnMissing string

// The answers to a missing parent.
const (
	MissingError OnMissing = "error" // the default
	MissingBuild OnMissing = "build" // from the source image, all stages up to the own tier
)

// ParseOnMissing reads the option's value; empty is the default.
func ParseOnMissing(s string) (OnMissing, error) {
	switch o := OnMissing(s); o {
	case "":
		return MissingError, nil
	case MissingError, MissingBuild:
		return o, nil
	default:
		return "", fmt.Errorf("unknown value %q of on_missing: use %s or %s", s, MissingError, MissingBuild)
	}
}

// Request asks for the parent of a build.
type Request struct {
	Parent Key // zero: none, built from the source image
	// Architecture of the image, where Parent could not name it before the run.
	Architecture string
	OnMissing    OnMissing
	// Source gives the source image's id; called only when it is the base.
	Source func(ctx context.Context) (imageID string, err error)
}

// Resolver finds the base of a build.
type Resolver struct {
	Run    *Session // this build's place in the run; nil when it joined none
	Lookup Lookup
	// Report takes sentences about waiting; nil drops them.
	Report func(string)
}

// Resolve gives the base: the parent of this run, waited for; or else the
// newest good image; or else what OnMissing says. A parent that belongs to the
// run and fails is an error, never replaced by an older image: the user asked
// for both to be built.
func (r *Resolver) Resolve(ctx context.Context, req Request) (Base, error) {
	if req.Parent.IsZero() {
		return fromSource(ctx, req)
	}
	result, err := r.Run.Wait(ctx, req.Parent, r.Report)
	switch {
	case err == nil:
		return Base{
			ImageID: result.ImageID, Version: result.Version, Root: result.Root,
			ExpiresAt: result.ExpiresAt, Tier: req.Parent.Tier, InRun: true,
		}, nil
	case !errors.Is(err, ErrNotInRun) && !doneBefore(err):
		return Base{}, err
	}
	key := req.Parent
	if key.Architecture == "" {
		key.Architecture = req.Architecture
	}
	image, found, err := r.Lookup.Newest(ctx, key, false)
	switch {
	case err != nil:
		return Base{}, err
	case found:
		return Base{
			ImageID: image.ID, Version: image.Version, Root: image.Root,
			ExpiresAt: image.ExpiresAt, Tier: key.Tier,
		}, nil
	case req.OnMissing == MissingBuild:
		return fromSource(ctx, req)
	}
	return Base{}, r.missing(ctx, key)
}

// doneBefore holds for a parent that HCP Packer did not start because it has
// the build already: its image exists and is to be looked up.
func doneBefore(err error) bool {
	var parent *ParentError
	return errors.As(err, &parent) && parent.Failure == ParentDropped && os.Getenv(hcpVariable) != ""
}

func fromSource(ctx context.Context, req Request) (Base, error) {
	if req.Source == nil {
		return Base{}, errors.New("there is no source image to build from: set source_ami or source_ami_filter")
	}
	id, err := req.Source(ctx)
	if err != nil {
		return Base{}, err
	}
	return SourceBase(id), nil
}

// missing says how to get a parent, and whether one expired.
func (r *Resolver) missing(ctx context.Context, key Key) error {
	expired := ""
	if old, found, err := r.Lookup.Newest(ctx, key, true); err == nil && found {
		expired = fmt.Sprintf(" (%s expired on %s)", old.ID, old.ExpiresAt.Format(time.DateOnly))
	}
	return fmt.Errorf("no good image of %s exists%s and no build of this run makes it: build tier %s first or in the same run, "+
		"or set parent { on_missing = %q } to build from the source image with all stages up to this tier",
		key, expired, key.Tier, MissingBuild)
}

// EC2Lookup is the look-up among the images of EC2.
type EC2Lookup struct {
	API    ec2.DescribeImagesAPIClient
	Owners []string // the caller's own account unless set
	Now    func() time.Time
}

// Newest finds the good image with the highest version.
func (l EC2Lookup) Newest(ctx context.Context, key Key, includeExpired bool) (ami.Image, bool, error) {
	images, err := l.find(ctx, key, includeExpired)
	if err != nil || len(images) == 0 {
		return ami.Image{}, false, err
	}
	return images[0], true, nil
}

// Current finds the good image that children and data sources take: the newest one that
// has not expired. Where all have expired it is the newest of them, so that the user can
// be told.
func (l EC2Lookup) Current(ctx context.Context, key Key) (ami.Image, bool, error) {
	images, err := l.find(ctx, key, true)
	if err != nil || len(images) == 0 {
		return ami.Image{}, false, err
	}
	fresh := slices.IndexFunc(images, func(i ami.Image) bool { return !i.Expired(l.now()) })
	return images[max(0, fresh)], true, nil
}

func (l EC2Lookup) find(ctx context.Context, key Key, includeExpired bool) ([]ami.Image, error) {
	return ami.Find(ctx, l.API, key.Region, ami.Query{
		Family: key.Family, Tier: key.Tier, Architecture: key.Architecture,
		Owners: l.Owners, IncludeExpired: includeExpired, Now: l.now(),
	})
}

func (l EC2Lookup) now() time.Time {
	if l.Now == nil {
		return time.Now()
	}
	return l.Now()
}
