package ec2

import (
	"encoding/base64"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("DescribeInstanceAttribute", describeInstanceAttribute)
	add("DescribeInstanceCreditSpecifications", describeCredits)
}

type describeInstanceAttributeInput struct {
	ID        string `q:"InstanceId,required"`
	Attribute string `q:"Attribute,required"`
}

// instanceAttribute has the attribute asked for and no other; one that is not set
// is an empty element.
type instanceAttribute struct {
	ID              string                    `xml:"instanceId"`
	Mappings        *wire.Set[attachedDevice] `xml:"blockDeviceMapping,omitempty"`
	KeepAlive       *flag                     `xml:"disableApiTermination,omitempty"`
	KeepRunning     *flag                     `xml:"disableApiStop,omitempty"`
	EnaSupport      *flag                     `xml:"enaSupport,omitempty"`
	EbsOptimized    *flag                     `xml:"ebsOptimized,omitempty"`
	SourceDestCheck *flag                     `xml:"sourceDestCheck,omitempty"`
	Enclave         *enclaveItem              `xml:"enclaveOptions,omitempty"`
	Groups          *wire.Set[groupItem]      `xml:"groupSet,omitempty"`
	Shutdown        *attributeValue           `xml:"instanceInitiatedShutdownBehavior,omitempty"`
	Type            *attributeValue           `xml:"instanceType,omitempty"`
	Kernel          *attributeValue           `xml:"kernel,omitempty"`
	Ramdisk         *attributeValue           `xml:"ramdisk,omitempty"`
	RootDevice      *attributeValue           `xml:"rootDeviceName,omitempty"`
	Sriov           *attributeValue           `xml:"sriovNetSupport,omitempty"`
	UserData        *attributeValue           `xml:"userData,omitempty"`
	ProductCodes    *wire.Set[productCode]    `xml:"productCodes,omitempty"`
}

type flag struct {
	Value bool `xml:"value"`
}

func describeInstanceAttribute(c *action.Call, in *describeInstanceAttributeInput) (*instanceAttribute, error) {
	found, err := findInstances(c, []string{in.ID})
	if err != nil {
		return nil, err
	}
	i, out := found[0], &instanceAttribute{ID: in.ID}
	if !out.fillFlag(i, in.Attribute) && !out.fillText(i, in.Attribute) && !out.fillList(c, i, in.Attribute) {
		return nil, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter attribute is invalid. Unknown attribute.", in.Attribute) // unverified: text
	}
	return out, nil
}

func (out *instanceAttribute) fillFlag(i *world.Instance, name string) bool {
	switch name {
	case "disableApiTermination":
		out.KeepAlive = &flag{i.KeepAlive}
	case "disableApiStop":
		out.KeepRunning = &flag{i.KeepRunning}
	case "enaSupport":
		out.EnaSupport = &flag{i.EnaSupport}
	case "ebsOptimized":
		out.EbsOptimized = &flag{i.EbsOptimized}
	case "sourceDestCheck":
		out.SourceDestCheck = &flag{true}
	case "enclaveOptions":
		out.Enclave = &enclaveItem{i.Enclave}
	default:
		return false
	}
	return true
}

func (out *instanceAttribute) fillText(i *world.Instance, name string) bool {
	switch name {
	case "instanceInitiatedShutdownBehavior":
		out.Shutdown = &attributeValue{i.ShutdownBehavior}
	case "instanceType":
		out.Type = &attributeValue{i.Type}
	case "kernel":
		out.Kernel = &attributeValue{}
	case "ramdisk":
		out.Ramdisk = &attributeValue{}
	case "rootDeviceName":
		out.RootDevice = &attributeValue{i.RootDeviceName}
	case "sriovNetSupport":
		out.Sriov = &attributeValue{i.SriovSupport}
	case "userData":
		out.UserData = &attributeValue{base64.StdEncoding.EncodeToString(i.UserData)}
	default:
		return false
	}
	return true
}

func (out *instanceAttribute) fillList(c *action.Call, i *world.Instance, name string) bool {
	switch name {
	case "blockDeviceMapping":
		devices := attachedDevices(c.Mine(), i)
		out.Mappings = &devices
	case "groupSet":
		groups := groupItems(c.Mine(), i.SecurityGroups)
		out.Groups = &groups
	case "productCodes":
		codes := wire.Set[productCode]{}
		if image := c.World.KnownImage(c.Region, i.ImageID); image != nil {
			codes = productCodes(image.ProductCodes)
		}
		out.ProductCodes = &codes
	default:
		return false
	}
	return true
}

type describeCreditsInput struct {
	IDs []string `q:"InstanceId"`
	described
}

type describeCreditsOutput struct {
	Credits   wire.Set[creditItem] `xml:"instanceCreditSpecificationSet"`
	NextToken string               `xml:"nextToken,omitempty"`
}

type creditItem struct {
	ID      string `xml:"instanceId"`
	Credits string `xml:"cpuCredits"`
}

// describeCredits gives, where no instance is named, only those with unlimited
// credits (EC2 API reference, DescribeInstanceCreditSpecifications).
func describeCredits(c *action.Call, in *describeCreditsInput) (*describeCreditsOutput, error) {
	found, err := matchingInstances(c, in.IDs, nil)
	if err != nil {
		return nil, err
	}
	var all []creditItem
	for _, i := range found {
		match, err := matchAll(in.Filters, func(f string) ([]string, bool) {
			if f == "instance-id" {
				return one(i.ID)
			}
			return nil, false
		})
		if err != nil {
			return nil, err
		}
		if match && i.Credits != "" && (len(in.IDs) > 0 || i.Credits == "unlimited") {
			all = append(all, creditItem{ID: i.ID, Credits: i.Credits})
		}
	}
	part, next, err := page(all, in.MaxResults, in.NextToken, 1000)
	return &describeCreditsOutput{Credits: part, NextToken: next}, err
}
