package ec2

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

func init() { read("DescribeImageAttribute", describeImageAttribute) }

// imageAttribute has exactly one attribute set. The sets are pointers so that the
// attribute asked for is written even when it is empty, and no other one is.
type imageAttribute struct {
	ImageID      string                 `xml:"imageId"`
	Permissions  *wire.Set[permission]  `xml:"launchPermission"`
	Codes        *wire.Set[productCode] `xml:"productCodes"`
	Description  *attributeValue        `xml:"description"`
	Kernel       *attributeValue        `xml:"kernel"`
	Ramdisk      *attributeValue        `xml:"ramdisk"`
	Sriov        *attributeValue        `xml:"sriovNetSupport"`
	BootMode     *attributeValue        `xml:"bootMode"`
	Tpm          *attributeValue        `xml:"tpmSupport"`
	Uefi         *attributeValue        `xml:"uefiData"`
	LastLaunched *attributeValue        `xml:"lastLaunchedTime"`
	Imds         *attributeValue        `xml:"imdsSupport"`
	Protection   *attributeValue        `xml:"deregistrationProtection"`
}

// describeImageAttribute gives one attribute of an own image.
func describeImageAttribute(c *action.Call, in *imageAttributeInput) (*imageAttribute, error) {
	image, err := ownImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	out := &imageAttribute{ImageID: image.ID}
	switch in.Attribute {
	case "launchPermission":
		set := membersOf(image.Permissions)
		out.Permissions = &set
	case "productCodes":
		set := productCodes(image.ProductCodes)
		out.Codes = &set
	case "blockDeviceMapping": // the mappings are in DescribeImages only
		return nil, wire.Errorf("AuthFailure", "Unauthorized attempt to access restricted resource")
	case "description":
		out.Description = &attributeValue{image.Description}
	case "kernel":
		out.Kernel = &attributeValue{image.KernelID}
	case "ramdisk":
		out.Ramdisk = &attributeValue{image.RamdiskID}
	case "sriovNetSupport":
		out.Sriov = &attributeValue{image.SriovSupport}
	case "bootMode":
		out.BootMode = &attributeValue{image.BootMode}
	case "tpmSupport":
		out.Tpm = &attributeValue{image.TpmSupport}
	case "uefiData":
		out.Uefi = &attributeValue{image.UefiData}
	case "lastLaunchedTime":
		out.LastLaunched = &attributeValue{}
		if !image.LastLaunched.IsZero() {
			out.LastLaunched.Value = image.LastLaunched.Format(timestamp)
		}
	case "imdsSupport":
		out.Imds = &attributeValue{image.ImdsSupport}
	case "deregistrationProtection":
		out.Protection = &attributeValue{first(image.Protection, "disabled")}
	default:
		return nil, errAttribute(in.Attribute)
	}
	return out, nil
}
