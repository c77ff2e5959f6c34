package ec2

import (
	"strconv"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// imageValues is what an image has under the name of a filter of DescribeImages.
func imageValues(c *action.Call, image *world.Image, name string) ([]string, bool) {
	if rest, ok := strings.CutPrefix(name, "block-device-mapping."); ok {
		return mappingValues(image, rest, image.State(c.Now) == "pending")
	}
	if values, known := imageOriginValues(c, image, name); known {
		return values, true
	}
	switch name {
	case "architecture":
		return one(image.Architecture)
	case "description":
		return one(image.Description)
	case "ena-support":
		return boolean(image.EnaSupport)
	case "hypervisor":
		return one("xen")
	case "image-allowed":
		return boolean(allowedImage(c, image))
	case "image-type":
		return one("machine")
	case "image-watermark.watermark-key":
		var keys []string
		for _, mark := range c.World.Watermarks(image) {
			keys = append(keys, mark.Key)
		}
		return keys, true
	case "is-public":
		return boolean(image.Public)
	case "kernel-id":
		return optional(image.KernelID)
	case "manifest-location":
		return one(image.OwnerID + "/" + image.Name)
	case "platform":
		return optional(image.Platform)
	case "ramdisk-id":
		return optional(image.RamdiskID)
	case "root-device-name":
		return one(image.RootDeviceName)
	case "root-device-type":
		return one("ebs")
	case "sriov-net-support":
		return optional(image.SriovSupport)
	case "virtualization-type":
		return one(image.VirtualizationType)
	}
	return tagValues(imageTags(c, image), name)
}

// imageOriginValues are the filters about who made the image, when, from what, and
// what became of it.
func imageOriginValues(c *action.Call, image *world.Image, name string) ([]string, bool) {
	switch name {
	case "creation-date":
		return one(image.Created.Format(timestamp))
	case "image-id":
		return one(image.ID)
	case "name":
		return one(image.Name)
	case "owner-alias":
		return optional(image.OwnerAlias)
	case "owner-id":
		return one(image.OwnerID)
	case "product-code":
		return image.ProductCodes, true
	case "product-code.type":
		if len(image.ProductCodes) > 0 {
			return one("marketplace")
		}
		return nil, true
	case "source-image-id":
		return optional(image.SourceImageID)
	case "source-image-region":
		return optional(image.SourceImageRegion)
	case "source-instance-id":
		return optional(image.SourceInstanceID)
	case "state":
		return one(image.State(c.Now))
	case "state-reason-code", "state-reason-message":
		if image.State(c.Now) != "failed" {
			return nil, true
		}
		if name == "state-reason-code" {
			return one(image.Failure.Code)
		}
		return one(image.Failure.Message)
	}
	return nil, false
}

// optional is a field that the resource may not have: no value matches then.
func optional(v string) ([]string, bool) {
	if v == "" {
		return nil, true
	}
	return one(v)
}

func mappingValues(image *world.Image, name string, pending bool) ([]string, bool) {
	var values []string
	for _, m := range image.Mappings {
		if name == "device-name" {
			values = append(values, m.Device)
			continue
		}
		if m.EBS == nil {
			continue
		}
		switch name {
		case "snapshot-id":
			if !pending {
				values = append(values, m.EBS.SnapshotID)
			}
		case "volume-size":
			values = append(values, strconv.FormatInt(m.EBS.Size, 10))
		case "volume-type":
			values = append(values, m.EBS.Type)
		case "delete-on-termination":
			values = append(values, strconv.FormatBool(m.EBS.DeleteOnTermination))
		case "encrypted":
			values = append(values, strconv.FormatBool(m.EBS.Encrypted))
		}
	}
	switch name {
	case "device-name", "snapshot-id", "volume-size", "volume-type", "delete-on-termination", "encrypted":
		return values, true
	}
	return nil, false
}
