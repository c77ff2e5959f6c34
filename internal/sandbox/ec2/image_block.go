package ec2

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

func init() {
	add("GetImageBlockPublicAccessState", getImageBlock)
	add("EnableImageBlockPublicAccess", enableImageBlock)
	add("DisableImageBlockPublicAccess", disableImageBlock)
}

type nothing struct{}

type imageBlock struct {
	State     string `xml:"imageBlockPublicAccessState"`
	ManagedBy string `xml:"managedBy,omitempty"`
}

func getImageBlock(c *action.Call, _ *nothing) (*imageBlock, error) {
	return &imageBlock{State: blockState(c), ManagedBy: "account"}, nil
}

func blockState(c *action.Call) string {
	if c.Mine().ImagesBlocked {
		return "block-new-sharing"
	}
	return "unblocked"
}

type enableImageBlockInput struct {
	State string `q:"ImageBlockPublicAccessState,required"`
}

// enableImageBlock stops new public sharing; images that are public stay so.
func enableImageBlock(c *action.Call, in *enableImageBlockInput) (*imageBlock, error) {
	if in.State != "block-new-sharing" {
		return nil, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for ImageBlockPublicAccessState.", in.State)
	}
	c.Mine().ImagesBlocked = true
	return &imageBlock{State: blockState(c)}, nil
}

func disableImageBlock(c *action.Call, _ *nothing) (*imageBlock, error) {
	c.Mine().ImagesBlocked = false
	return &imageBlock{State: blockState(c)}, nil
}
