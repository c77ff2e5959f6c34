package ec2

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { add("GetImageAncestry", getImageAncestry) }

// maxAncestors is how far back the chain goes (EC2 User Guide, "AMI ancestry").
const maxAncestors = 50

type imageAncestry struct {
	Entries wire.Set[ancestryEntry] `xml:"imageAncestryEntrySet"`
}

type ancestryEntry struct {
	Created      wire.Time `xml:"creationDate"`
	ImageID      string    `xml:"imageId"`
	OwnerAlias   string    `xml:"imageOwnerAlias,omitempty"`
	SourceImage  string    `xml:"sourceImageId,omitempty"`
	SourceRegion string    `xml:"sourceImageRegion,omitempty"`
}

// getImageAncestry follows an image that the caller sees back to its root: a
// public image of a vendor, or one that RegisterImage made. Ancestors count that
// the caller does not see, or that are deregistered.
func getImageAncestry(c *action.Call, in *imageOnly) (*imageAncestry, error) {
	if err := checkImageID(in.ImageID); err != nil {
		return nil, err
	}
	image := c.World.FindImage(c.Region, in.ImageID)
	if image == nil || !image.VisibleTo(c.Account) {
		return nil, errNoImage(in.ImageID)
	}
	out := &imageAncestry{}
	for image != nil && len(out.Entries) <= maxAncestors {
		out.Entries = append(out.Entries, ancestryEntry{
			Created: wire.Time(image.Created), ImageID: image.ID, OwnerAlias: image.OwnerAlias,
			SourceImage: image.SourceImageID, SourceRegion: image.SourceImageRegion,
		})
		image = parentOf(c.World, image)
	}
	return out, nil
}

// parentOf is the image that another was made of, also when it is gone; nil for
// a root.
func parentOf(w *world.World, image *world.Image) *world.Image {
	if image.SourceImageID == "" {
		return nil
	}
	return w.KnownImage(first(image.SourceImageRegion, image.Region), image.SourceImageID)
}
