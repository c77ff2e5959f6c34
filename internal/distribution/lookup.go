package distribution

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// lookupResult is what a Region holds under the name of the copy.
type lookupResult struct {
	adopt *types.Image // the copy of our source, pending or available
	dead  []string     // copies of our source that failed, sorted
}

// lookup finds an earlier copy of the source. It asks by name alone, since tags
// may be invisible for a while after the copy was made, and then looks at what
// each image says it was copied from. CopyImage does not keep names unique, so
// an image of that name that is not ours is an error here.
func (w *worker) lookup(ctx context.Context) (lookupResult, error) {
	var images []types.Image
	err := w.call(ctx, "look for an existing copy", func(ctx context.Context) (err error) {
		images, err = imagesNamed(ctx, w.ec2, w.plan.Name)
		return err
	})
	if err != nil {
		return lookupResult{}, err
	}
	found, err := choose(images, w.plan, w.region.Region)
	if err != nil {
		return lookupResult{}, err
	}
	return found, nil
}

func imagesNamed(ctx context.Context, api imageReader, name string) ([]types.Image, error) {
	out, err := api.DescribeImages(ctx, &ec2.DescribeImagesInput{
		Owners:            []string{"self"},
		Filters:           []types.Filter{{Name: aws.String("name"), Values: []string{name}}},
		IncludeDeprecated: aws.Bool(true),
		IncludeDisabled:   aws.Bool(true),
	})
	if err != nil {
		return nil, err
	}
	return out.Images, nil
}

// choose sorts the images of one name: the one to adopt is available rather than
// pending, and the oldest of several. It fails where the name belongs to another.
func choose(images []types.Image, plan *Plan, region string) (lookupResult, error) {
	source, name := plan.Source, plan.Name
	var found lookupResult
	var living []types.Image
	for _, image := range images {
		id := aws.ToString(image.ImageId)
		if id == source.ImageID && region == source.Region {
			continue
		}
		ours := copiedFrom(image, source) || sameVersion(image, plan.spec.Meta) || id == plan.spec.Existing[region]
		switch {
		case ours && dead(image.State):
			found.dead = append(found.dead, id)
		case dead(image.State):
		case !ours:
			return lookupResult{}, fmt.Errorf("%s: the name %q is taken by %s, which is not a copy of %s: choose another name, or deregister that image",
				region, name, id, orUnknown(source.ImageID))
		case image.State == types.ImageStateDisabled:
			return lookupResult{}, fmt.Errorf("%s: %s is the copy of %s, but it is disabled: enable it, or deregister it to have a new one made", region, id, source.ImageID)
		default:
			if meta, ok := ami.Parse(image.Tags); ok && withdrawn(meta.State) {
				return lookupResult{}, withdrawnError(region, id, meta.State)
			}
			living = append(living, image)
		}
	}
	sort.Strings(found.dead)
	sort.Slice(living, func(i, j int) bool { return before(living[i], living[j]) })
	if len(living) > 0 {
		found.adopt = &living[0]
	}
	return found, nil
}

func before(a, b types.Image) bool {
	if availA, availB := a.State == types.ImageStateAvailable, b.State == types.ImageStateAvailable; availA != availB {
		return availA
	}
	if c := strings.Compare(aws.ToString(a.CreationDate), aws.ToString(b.CreationDate)); c != 0 {
		return c < 0
	}
	return aws.ToString(a.ImageId) < aws.ToString(b.ImageId)
}

// copiedFrom trusts our own tag first and EC2's record of the ancestry where the
// tag is missing: it may not be visible yet, or another tool made the copy.
func copiedFrom(image types.Image, source Source) bool {
	if source.ImageID == "" {
		return false
	}
	for _, t := range image.Tags {
		if aws.ToString(t.Key) == ami.TagCopiedFrom {
			return aws.ToString(t.Value) == source.String()
		}
	}
	return aws.ToString(image.SourceImageId) == source.ImageID && aws.ToString(image.SourceImageRegion) == source.Region
}

// sameVersion tells a sibling of the source: both were copied from an intermediary
// that is gone, and a version is never given twice.
func sameVersion(image types.Image, of *ami.Meta) bool {
	if of == nil {
		return false
	}
	meta, ok := ami.Parse(image.Tags)
	return ok && meta.Family == of.Family && meta.Tier == of.Tier && meta.Version == of.Version
}

// dead says that an image in this state will never be of use.
func dead(s types.ImageState) bool {
	switch s {
	case types.ImageStateFailed, types.ImageStateError, types.ImageStateInvalid, types.ImageStateDeregistered:
		return true
	default:
		return false
	}
}

// String is the source as the copies' tags tell it: Region:image.
func (s Source) String() string { return s.Region + ":" + s.ImageID }
