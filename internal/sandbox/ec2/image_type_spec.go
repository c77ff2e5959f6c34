package ec2

import (
	"regexp"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { add("ReplaceImageInstanceTypeSpecification", replaceTypeSpec) }

type replaceTypeSpecInput struct {
	ImageID string         `q:"ImageId,required"`
	Spec    *typeSpecInput `q:"InstanceTypeSpecification"`
}

type typeSpecInput struct {
	Supported   []string `q:"SupportedInstanceType"`
	Unsupported []string `q:"UnsupportedInstanceType"`
}

type typeSpecItem struct {
	Supported   wire.Set[typeSpecEntry] `xml:"supportedInstanceTypeSet,omitempty"`
	Unsupported wire.Set[typeSpecEntry] `xml:"unsupportedInstanceTypeSet,omitempty"`
}

type typeSpecEntry struct {
	Type string `xml:"instanceType"`
}

type returnValue struct {
	Return bool `xml:"returnValue"`
}

// maxTypeEntries is how many entries each list may have (EC2 API reference,
// InstanceTypeSpecificationRequest).
const maxTypeEntries = 100

var typeEntry = regexp.MustCompile(`^[A-Za-z0-9_.*-]{1,24}$`)

// replaceTypeSpec sets which instance types an own image can be launched on, or
// removes that.
func replaceTypeSpec(c *action.Call, in *replaceTypeSpecInput) (*returnValue, error) {
	image, err := ownImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	if in.Spec == nil {
		delete(c.Mine().TypeSpecs, image.ID)
		return &returnValue{Return: true}, nil
	}
	seen := map[string]bool{}
	for _, list := range [][]string{in.Spec.Supported, in.Spec.Unsupported} {
		if len(list) > maxTypeEntries {
			return nil, wire.Errorf("InvalidParameterValue", "At most %d instance types can be specified in a list", maxTypeEntries) // unverified: text
		}
		for _, entry := range list {
			if !typeEntry.MatchString(entry) || strings.Contains(entry, "**") {
				return nil, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for InstanceTypeSpecification.", entry) // unverified: text
			}
			if seen[entry] {
				return nil, wire.Errorf("InvalidParameterValue", "Duplicate value '%s' for InstanceTypeSpecification.", entry) // unverified: text
			}
			seen[entry] = true
		}
	}
	c.Mine().TypeSpecs[image.ID] = world.TypeSpec{Supported: in.Spec.Supported, Unsupported: in.Spec.Unsupported}
	return &returnValue{Return: true}, nil
}

func typeSpecOf(c *action.Call, image *world.Image) *typeSpecItem {
	spec, has := c.World.Region(image.OwnerID, image.Region).TypeSpecs[image.ID]
	if !has {
		return nil
	}
	item := &typeSpecItem{}
	for _, t := range spec.Supported {
		item.Supported = append(item.Supported, typeSpecEntry{t})
	}
	for _, t := range spec.Unsupported {
		item.Unsupported = append(item.Unsupported, typeSpecEntry{t})
	}
	return item
}

// checkTypeSpec refuses to launch an image on a type that it is not for.
func checkTypeSpec(c *action.Call, name string, image *world.Image) error {
	spec, has := c.World.Region(image.OwnerID, image.Region).TypeSpecs[image.ID]
	if !has {
		return nil
	}
	types := []string{name}
	if (filter{Values: spec.Unsupported}).matches(types) || len(spec.Supported) > 0 && !(filter{Values: spec.Supported}).matches(types) {
		return wire.Errorf("InvalidParameterCombination", "The instance type '%s' is not compatible with the instance type specification of the image %s.", name, image.ID) // unverified: text
	}
	return nil
}
