package ec2

import (
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

func init() {
	add("EnableImageDeprecation", enableImageDeprecation)
	add("DisableImageDeprecation", disableImageDeprecation)
}

type enableImageDeprecationInput struct {
	ImageID     string    `q:"ImageId,required"`
	DeprecateAt time.Time `q:"DeprecateAt,required"`
}

// enableImageDeprecation sets when an image is hidden from others. Seconds are
// rounded to the nearest minute; the date is in the future, at most ten years away,
// and for a public image at most two years after it was made.
func enableImageDeprecation(c *action.Call, in *enableImageDeprecationInput) (*done, error) {
	image, err := ownImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	at := in.DeprecateAt.Round(time.Minute)
	last := c.Now.AddDate(10, 0, 0)
	if image.Public {
		last = image.Created.AddDate(2, 0, 0)
	}
	// unverified: text; the rule is documented
	switch {
	case at.Before(c.Now):
		return nil, wire.Errorf("InvalidParameterValue", "The value for DeprecateAt, %s, is in the past", in.DeprecateAt.Format(timestamp))
	case at.After(last):
		return nil, wire.Errorf("InvalidParameterValue", "The value for DeprecateAt, %s, is after the latest allowed, %s", in.DeprecateAt.Format(timestamp), last.Format(timestamp))
	}
	image.DeprecateAt = at
	return ok, nil
}

func disableImageDeprecation(c *action.Call, in *imageOnly) (*done, error) {
	image, err := ownImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	image.DeprecateAt = time.Time{}
	return ok, nil
}
