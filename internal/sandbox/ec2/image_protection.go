package ec2

import (
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

func init() {
	add("EnableImageDeregistrationProtection", enableProtection)
	add("DisableImageDeregistrationProtection", disableProtection)
	add("EnableImage", enableImage)
	add("DisableImage", disableImage)
}

// protectionCooldown is how long an image that was protected with a cooldown
// stays so after protection is disabled.
const protectionCooldown = 24 * time.Hour

type enableProtectionInput struct {
	ImageID  string `q:"ImageId,required"`
	Cooldown bool   `q:"WithCooldown"`
}

// protectionState is the output of both actions: a text, not a boolean.
type protectionState struct {
	Return string `xml:"return"`
}

func enableProtection(c *action.Call, in *enableProtectionInput) (*protectionState, error) {
	image, err := readyImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	image.Protection = "enabled-without-cooldown"
	if in.Cooldown {
		image.Protection = "enabled-with-cooldown"
	}
	image.ProtectedUntil = time.Time{}
	return &protectionState{Return: image.Protection}, nil
}

func disableProtection(c *action.Call, in *imageOnly) (*protectionState, error) {
	image, err := ownImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	if image.Protection == "enabled-with-cooldown" {
		image.ProtectedUntil = c.Now.Add(protectionCooldown)
	}
	image.Protection = "disabled"
	return &protectionState{Return: image.Protection}, nil
}

// disableImage makes an image private and unlaunchable; whom it was shared with is
// forgotten.
func disableImage(c *action.Call, in *imageOnly) (*done, error) {
	image, err := readyImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	image.Disabled = true
	setPermissions(image, nil)
	return ok, nil
}

func enableImage(c *action.Call, in *imageOnly) (*done, error) {
	image, err := ownImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	if state := image.State(c.Now); state != "disabled" {
		return nil, wire.Errorf("IncorrectState", "The image %s is %s, not disabled", image.ID, state) // unverified: text
	}
	image.Disabled = false
	return ok, nil
}
