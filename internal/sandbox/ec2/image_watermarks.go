package ec2

import (
	"slices"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("AttachImageWatermark", attachImageWatermark)
	add("DetachImageWatermark", detachImageWatermark)
}

// maxWatermarks is how many watermarks an image may carry (EC2 User Guide, "AMI
// watermarks").
const maxWatermarks = 5

// watermark is a mark as answers show it.
type watermark struct {
	Key           string    `xml:"watermarkKey"`
	SourceImageID string    `xml:"sourceImageId"`
	SourceRegion  string    `xml:"sourceImageRegion"`
	SourceCreated wire.Time `xml:"sourceImageCreationTime"`
	Attached      wire.Time `xml:"watermarkCreationTime"`
}

func watermarksOf(c *action.Call, image *world.Image) wire.Set[watermark] {
	marks := c.World.Watermarks(image)
	set := make(wire.Set[watermark], 0, len(marks))
	for _, mark := range marks {
		set = append(set, watermark{
			Key: mark.Key, SourceImageID: mark.SourceImageID, SourceRegion: mark.SourceRegion,
			SourceCreated: wire.Time(mark.SourceCreated), Attached: wire.Time(mark.Attached),
		})
	}
	return set
}

type attachWatermarkInput struct {
	ImageID string `q:"ImageId,required"`
	Name    string `q:"WatermarkName,required"`
}

type attachWatermarkOutput struct {
	Key string `xml:"watermarkKey"`
}

// attachImageWatermark marks an own image that is not public. The mark has the
// caller's account in its key and goes along with every copy and every image made
// of an instance of this one. A mark that is there already stays as it is.
func attachImageWatermark(c *action.Call, in *attachWatermarkInput) (*attachWatermarkOutput, error) {
	if !imageName.MatchString(in.Name) { // the characters are those of names of images
		return nil, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for WatermarkName.", in.Name) // unverified: text
	}
	image, err := readyImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	key, marks := c.Account+":"+in.Name, c.World.Watermarks(image)
	switch {
	case image.Public: // unverified: code and text; the rule is documented
		return nil, wire.Errorf("OperationNotPermitted", "Watermarks can't be attached to the public image %s.", image.ID)
	case slices.ContainsFunc(marks, func(m world.Watermark) bool { return m.Key == key }): // unverified: that a second time is no mistake
		return &attachWatermarkOutput{Key: key}, nil
	case len(marks) >= maxWatermarks: // unverified: code and text; the limit is documented
		return nil, wire.Errorf("ResourceLimitExceeded", "You have reached the limit of %d watermarks for the image %s.", maxWatermarks, image.ID)
	}
	c.World.SetWatermarks(image, append(slices.Clone(marks), world.Watermark{
		Key: key, SourceImageID: image.ID, SourceRegion: image.Region, SourceCreated: image.Created, Attached: c.Now,
	}))
	return &attachWatermarkOutput{Key: key}, nil
}

type detachWatermarkInput struct {
	ImageID string `q:"ImageId,required"`
	Key     string `q:"WatermarkKey,required"`
}

// detachImageWatermark takes a mark off one image; those made of it keep theirs. A
// mark that is not there is no mistake.
func detachImageWatermark(c *action.Call, in *detachWatermarkInput) (*done, error) {
	image, err := ownImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	c.World.SetWatermarks(image, slices.DeleteFunc(slices.Clone(c.World.Watermarks(image)), func(m world.Watermark) bool { return m.Key == in.Key }))
	return ok, nil
}
