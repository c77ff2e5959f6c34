package ec2

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { add("DescribeInstanceImageMetadata", describeInstanceImageMetadata) }

type describeInstanceImageMetadataInput struct {
	IDs []string `q:"InstanceId"`
	described
}

type describeInstanceImageMetadataOutput struct {
	Items     wire.Set[instanceImage] `xml:"instanceImageMetadataSet"`
	NextToken string                  `xml:"nextToken,omitempty"`
}

type instanceImage struct {
	InstanceID string        `xml:"instanceId"`
	Type       string        `xml:"instanceType"`
	Launched   wire.Time     `xml:"launchTime"`
	Zone       string        `xml:"availabilityZone"`
	ZoneID     string        `xml:"zoneId"`
	State      instanceState `xml:"instanceState"`
	Owner      string        `xml:"instanceOwnerId"`
	Tags       wire.Set[tag] `xml:"tagSet"`
	Image      imageMetadata `xml:"imageMetadata"`
	Operator   struct {
		Managed bool `xml:"managed"`
	} `xml:"operator"`
}

type imageMetadata struct {
	ID          string              `xml:"imageId"`
	Name        string              `xml:"name,omitempty"`
	Owner       string              `xml:"imageOwnerId,omitempty"`
	State       string              `xml:"imageState,omitempty"`
	OwnerAlias  string              `xml:"imageOwnerAlias,omitempty"`
	Created     string              `xml:"creationDate,omitempty"`
	Deprecation string              `xml:"deprecationTime,omitempty"`
	Allowed     bool                `xml:"imageAllowed"`
	Public      bool                `xml:"isPublic"`
	Watermarks  wire.Set[watermark] `xml:"imageWatermarkSet,omitempty"`
}

// describeInstanceImageMetadata tells of the images of the caller's instances,
// also of those that are gone or no longer shared with it.
func describeInstanceImageMetadata(c *action.Call, in *describeInstanceImageMetadataInput) (*describeInstanceImageMetadataOutput, error) {
	found, err := matchingInstances(c, in.IDs, nil)
	if err != nil {
		return nil, err
	}
	var all []instanceImage
	for _, i := range found {
		item := instanceImageOf(c, i)
		match, err := matchAll(in.Filters, func(name string) ([]string, bool) { return item.values(c, name) })
		if err != nil {
			return nil, err
		}
		if match {
			all = append(all, item)
		}
	}
	part, next, err := page(all, in.MaxResults, in.NextToken, 1000)
	return &describeInstanceImageMetadataOutput{Items: part, NextToken: next}, err
}

func instanceImageOf(c *action.Call, i *world.Instance) instanceImage {
	item := instanceImage{
		InstanceID: i.ID, Type: i.Type, Launched: wire.Time(i.Launched), Zone: i.AvailabilityZone, ZoneID: world.ZoneID(c.Region, i.AvailabilityZone),
		State: stateOf(i.State), Owner: c.Account, Tags: tagSet(c.Mine().TagsOf(i.ID)), Image: imageMetadata{ID: i.ImageID},
	}
	image := c.World.KnownImage(c.Region, i.ImageID)
	if image == nil {
		return item
	}
	item.Image = imageMetadata{
		ID: image.ID, Name: image.Name, Owner: image.OwnerID, State: image.State(c.Now), OwnerAlias: image.OwnerAlias,
		Created: image.Created.Format(timestamp), Allowed: allowedImage(c, image), Public: image.Public, Watermarks: watermarksOf(c, image),
	}
	if !image.DeprecateAt.IsZero() {
		item.Image.Deprecation = image.DeprecateAt.Format(timestamp)
	}
	return item
}

func (item instanceImage) values(c *action.Call, name string) ([]string, bool) {
	switch name {
	case "availability-zone":
		return one(item.Zone)
	case "zone-id":
		return one(item.ZoneID)
	case "instance-id":
		return one(item.InstanceID)
	case "instance-state-name":
		return one(item.State.Name)
	case "instance-type":
		return one(item.Type)
	case "launch-time":
		text, _ := item.Launched.MarshalText() // never fails
		return one(string(text))
	case "image-allowed":
		return boolean(item.Image.Allowed)
	case "owner-alias":
		return optional(item.Image.OwnerAlias)
	case "owner-id":
		return optional(item.Image.Owner)
	}
	return tagValues(c.Mine().TagsOf(item.InstanceID), name)
}
