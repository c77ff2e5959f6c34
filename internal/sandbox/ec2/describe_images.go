package ec2

import (
	"slices"
	"sort"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { add("DescribeImages", describeImages) }

type describeImagesInput struct {
	IDs               []string `q:"ImageId"`
	Owners            []string `q:"Owner"`
	ExecutableBy      []string `q:"ExecutableBy"`
	IncludeDeprecated bool     `q:"IncludeDeprecated"`
	IncludeDisabled   bool     `q:"IncludeDisabled"`
	described
}

type describeImagesOutput struct {
	Images    wire.Set[imageItem] `xml:"imagesSet"`
	NextToken string              `xml:"nextToken,omitempty"`
}

// describeImages lists the images that the caller sees: its own, those shared
// with it and public ones. An id that never was is refused; one that is not shared
// with the caller, or deregistered, is left out without a word.
func describeImages(c *action.Call, in *describeImagesInput) (*describeImagesOutput, error) {
	if len(in.IDs) > 0 && in.MaxResults != nil {
		return nil, wire.Errorf("InvalidParameterCombination", "The parameter imageIdsSet cannot be used with the parameter maxResults")
	}
	images, err := in.candidates(c)
	if err != nil {
		return nil, err
	}
	var all []*world.Image
	for _, image := range seen(c, images, func(i *world.Image) string { return i.ID }) {
		if !in.wants(c, image) {
			continue
		}
		match, err := matchAll(in.Filters, func(name string) ([]string, bool) { return imageValues(c, image, name) })
		if err != nil {
			return nil, err
		}
		if match {
			all = append(all, image)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].ID < all[j].ID })
	part, next, err := page(all, in.MaxResults, in.NextToken, 1000)
	if err != nil {
		return nil, err
	}
	out := &describeImagesOutput{NextToken: next, Images: make(wire.Set[imageItem], 0, len(part))}
	for _, image := range part {
		out.Images = append(out.Images, itemOf(c, image))
	}
	return out, nil
}

func (in *describeImagesInput) candidates(c *action.Call) ([]*world.Image, error) {
	if len(in.IDs) == 0 {
		return c.World.VisibleImages(c.Region, c.Account), nil
	}
	var found []*world.Image
	for _, id := range in.IDs {
		if err := checkImageID(id); err != nil {
			return nil, err
		}
		image := c.World.KnownImage(c.Region, id)
		if image == nil {
			return nil, errNoImage(id)
		}
		if image.VisibleTo(c.Account) && !slices.Contains(found, image) {
			found = append(found, image)
		}
	}
	return found, nil
}

// wants applies what is not a filter: owners, who may launch, and the images that
// are hidden unless asked for. An owner always sees its deprecated images.
func (in *describeImagesInput) wants(c *action.Call, image *world.Image) bool {
	if image.State(c.Now) == "disabled" && !in.IncludeDisabled || hiddenByAllowed(c, image) {
		return false
	}
	if image.Deprecated(c.Now) && !in.IncludeDeprecated && len(in.IDs) == 0 && image.OwnerID != c.Account {
		return false
	}
	if len(in.Owners) > 0 && !slices.ContainsFunc(in.Owners, func(o string) bool {
		return o == image.OwnerID || o == "self" && image.OwnerID == c.Account || o == image.OwnerAlias && o != ""
	}) {
		return false
	}
	return len(in.ExecutableBy) == 0 || slices.ContainsFunc(in.ExecutableBy, func(who string) bool {
		switch who {
		case "all":
			return image.Public
		case "self":
			return image.SharedWith(c.Account)
		default:
			return image.SharedWith(who)
		}
	})
}
