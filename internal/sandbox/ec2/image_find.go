package ec2

import (
	"regexp"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// hexID is what follows an id's prefix: 8 digits on old resources, 17 on new ones.
var hexID = regexp.MustCompile(`^-([0-9a-f]{8}|[0-9a-f]{17})$`)

func wellFormed(prefix, id string) bool {
	return len(id) > len(prefix) && id[:len(prefix)] == prefix && hexID.MatchString(id[len(prefix):])
}

func errNoImage(id string) error {
	return wire.Errorf("InvalidAMIID.NotFound", "The image id '[%s]' does not exist", id)
}

// checkImageID refuses what is no id. Of the long ones EC2 takes none that does not
// begin with 0, nor zeros only; it answers both as malformed, and not as missing.
func checkImageID(id string) error {
	if id == "" {
		return wire.ErrMissing("ImageId")
	}
	long := len(id) == len("ami-")+17
	if !wellFormed("ami", id) || long && (id[len("ami-")] != '0' || strings.Trim(id, "ami-0") == "") {
		return wire.Errorf("InvalidAMIID.Malformed", "Invalid id: %q", id)
	}
	return nil
}

// ownImage finds an image that the caller may change: its own. Another account's
// image is AuthFailure, shared or not; a deregistered one is unavailable.
func ownImage(c *action.Call, id string) (*world.Image, error) {
	if err := checkImageID(id); err != nil {
		return nil, err
	}
	image := c.World.KnownImage(c.Region, id)
	switch {
	case image == nil:
		return nil, errNoImage(id)
	case image.OwnerID != c.Account:
		return nil, wire.Errorf("AuthFailure", "Not authorized for image:%s", id)
	case image.Deregistered:
		return nil, wire.Errorf("InvalidAMIID.Unavailable", "The image ID '%s' is no longer available", id)
	}
	return image, nil
}

// readyImage is [ownImage] for what EC2 does to available images only: a pending
// or failed one is not to be used.
func readyImage(c *action.Call, id string) (*world.Image, error) {
	image, err := ownImage(c, id)
	if err != nil {
		return nil, err
	}
	if state := image.State(c.Now); state != "available" {
		return nil, errImageState(id, state)
	}
	return image, nil
}

func errImageState(id, state string) error {
	return wire.Errorf("InvalidAMIID.Unavailable", "The image ID '%s' is currently %s and may not be used for this operation", id, state)
}

// imageName is EC2's rule for AMI names.
var imageName = regexp.MustCompile(`^[A-Za-z0-9()\[\] ./\-'@_]{3,128}$`)

func checkImageName(name string) error {
	if !imageName.MatchString(name) {
		return wire.Errorf("InvalidAMIName.Malformed", "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'")
	}
	return nil
}

// freeImageName is the rule of CreateImage and RegisterImage: names are unique
// within an account and Region. CopyImage has no such rule. A failed image gives
// its name back.
func freeImageName(c *action.Call, name string) error {
	if err := checkImageName(name); err != nil {
		return err
	}
	taken := c.Mine().ImageNamed(name, func(image *world.Image) bool {
		return !image.Deregistered && image.State(c.Now) != "failed"
	})
	if taken != nil {
		return wire.Errorf("InvalidAMIName.Duplicate", "AMI name %s is already in use by AMI %s", name, taken.ID)
	}
	return nil
}
