package ec2

import (
	"slices"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { read("DescribeImages", describeImages) }

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
	if err := knownFilters(in.Filters, func(name string) ([]string, bool) {
		return imageValues(c, &world.Image{OwnerID: c.Account, Region: c.Region}, name)
	}); err != nil {
		return nil, err
	}
	p, err := newPager[imageItem](in.described)
	if err != nil {
		return nil, err
	}
	var wrong error
	meet := func(image *world.Image) bool {
		if c.World.Hidden(image.ID) || !in.wants(c, image) {
			return true
		}
		match, err := matchAll(in.Filters, func(name string) ([]string, bool) { return imageValues(c, image, name) })
		if wrong = err; err != nil || !match {
			return err == nil
		}
		return p.add(image.ID, func() imageItem { return itemOf(c, image) })
	}
	if err := in.each(c, p.after, meet); err != nil {
		return nil, err
	}
	return &describeImagesOutput{NextToken: p.next, Images: p.items}, wrong
}

// each meets the images that the call names, or all that the caller sees, in the
// order of their ids.
func (in *describeImagesInput) each(c *action.Call, after string, meet func(*world.Image) bool) error {
	if len(in.IDs) == 0 {
		q := world.Query{Account: c.Account, After: after, Owner: ownersOf(c, in.Owners), Tagged: taggedWith(in.Filters)}
		for _, f := range in.Filters {
			if exact := f.exact(); f.Name == "name" && exact != "" {
				q.Name = exact
			}
		}
		c.World.EachImage(c.Region, q, meet)
		return nil
	}
	for _, id := range in.IDs {
		if err := checkImageID(id); err != nil {
			return err
		}
		if c.World.KnownImage(c.Region, id) == nil {
			return errNoImage(id)
		}
	}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(in.IDs))) {
		if image := c.World.KnownImage(c.Region, id); id > after && image.VisibleTo(c.Account) && !meet(image) {
			return nil
		}
	}
	return nil
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
