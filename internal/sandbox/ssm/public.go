package ssm

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// publicRoot is below which the vendors publish parameters for everyone.
const publicRoot = world.PublicParameterRoot

func publicNames() []string { return world.PublicParameters() }

// public gives a public parameter, or nil when there is none or the endpoint has
// no image for it.
func public(c *action.Call, name string) *parameter {
	image := c.World.PublicImage(c.Region, name, c.Now)
	if image == nil {
		return nil
	}
	return &parameter{
		Name: name, Type: "String", Value: image.ID, Version: 1, Modified: float64(image.Created.UnixMilli()) / 1000,
		ARN: "arn:aws:ssm:" + c.Region + "::parameter" + name, DataType: imageType,
	}
}
