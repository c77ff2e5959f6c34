package ec2

import (
	"slices"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("ModifyImageAttribute", modifyImageAttribute)
	add("ResetImageAttribute", resetImageAttribute)
	add("CancelImageLaunchPermission", cancelImageLaunchPermission)
}

type attributeValue struct {
	Value string `q:"Value" xml:"value,omitempty"`
}

type modifyImageAttributeInput struct {
	ImageID     string            `q:"ImageId,required"`
	Attribute   string            `q:"Attribute"`
	Value       *string           `q:"Value"`
	Permission  *permissionChange `q:"LaunchPermission"`
	Description *attributeValue   `q:"Description"`
	ImdsSupport *attributeValue   `q:"ImdsSupport"`
	Codes       []string          `q:"ProductCode"`
	oldPermissions
}

// modifyImageAttribute changes one attribute of an available image per call. The
// rule that there is but one comes before any look at the image's state.
func modifyImageAttribute(c *action.Call, in *modifyImageAttributeInput) (*done, error) {
	if err := in.normalize(); err != nil {
		return nil, err
	}
	image, err := readyImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	switch {
	case in.Description != nil:
		image.Description = in.Description.Value
	case in.ImdsSupport != nil:
		if in.ImdsSupport.Value == "" {
			return nil, wire.Errorf("MissingParameter", "The request must contain the parameter imdsSupport with value v2.0")
		}
		if in.ImdsSupport.Value != "v2.0" { // there is no way back
			return nil, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for ImdsSupport. Valid values: v2.0", in.ImdsSupport.Value)
		}
		image.ImdsSupport = "v2.0"
	default:
		if err := mayShare(c, image, *in.Permission); err != nil {
			return nil, err
		}
		setPermissions(image, in.Permission.apply(image.Permissions))
	}
	return ok, nil
}

func setPermissions(image *world.Image, list []world.Permission) {
	image.Permissions = list
	image.Public = slices.Contains(list, world.Permission{Group: "all"})
}

// normalize brings the older spelling (Attribute with Value, OperationType with
// lists) to the newer one and checks that exactly one attribute is meant.
func (in *modifyImageAttributeInput) normalize() error {
	if len(in.Codes) > 0 || in.Attribute == "productCodes" {
		return wire.Errorf("UnsupportedOperation", "Product codes cannot be set.") // unverified: text; the API reference says "Not supported"
	}
	var err error
	if in.Permission, err = in.or(in.Permission); err != nil {
		return err
	}
	if in.Value != nil {
		switch in.Attribute {
		case "description":
			if *in.Value == "" {
				return wire.ErrMissing("description")
			}
			in.Description = &attributeValue{Value: *in.Value}
		case "imdsSupport":
			in.ImdsSupport = &attributeValue{Value: *in.Value}
		default:
			return wire.Errorf("InvalidParameterCombination", "The parameter value cannot be used with the attribute '%s'", in.Attribute)
		}
	}
	var kinds []string
	if in.Description != nil {
		kinds = append(kinds, "description")
	}
	if in.ImdsSupport != nil {
		kinds = append(kinds, "imdsSupport")
	}
	if in.Permission != nil {
		kinds = append(kinds, "launchPermission")
	}
	switch len(kinds) {
	case 0:
		return wire.Errorf("InvalidParameterCombination", "No attributes specified.")
	case 1:
	default:
		return wire.Errorf("InvalidParameterCombination", "Fields for multiple attribute types specified: %s", strings.Join(kinds, ", "))
	}
	if in.Permission != nil {
		return in.Permission.check()
	}
	return nil
}

type imageAttributeInput struct {
	ImageID   string `q:"ImageId,required"`
	Attribute string `q:"Attribute,required"`
}

// resetImageAttribute takes all launch permissions away; no other attribute can
// be reset.
func resetImageAttribute(c *action.Call, in *imageAttributeInput) (*done, error) {
	if in.Attribute != "launchPermission" {
		return nil, wire.Errorf("InvalidRequest", "The request received was invalid.")
	}
	image, err := readyImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	setPermissions(image, nil)
	return ok, nil
}

func errAttribute(name string) error {
	return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for Attribute.", name)
}

type imageOnly struct {
	ImageID string `q:"ImageId,required"`
}

// cancelImageLaunchPermission is how an account leaves the permissions of another
// account's image.
func cancelImageLaunchPermission(c *action.Call, in *imageOnly) (*done, error) {
	if err := checkImageID(in.ImageID); err != nil {
		return nil, err
	}
	image := c.World.FindImage(c.Region, in.ImageID)
	if image == nil || !image.SharedWith(c.Account) {
		return nil, errNoImage(in.ImageID)
	}
	change := permissionChange{Remove: []permission{{UserID: c.Account}}}
	setPermissions(image, change.apply(image.Permissions))
	return ok, nil
}
