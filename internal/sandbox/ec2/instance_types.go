package ec2

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

func init() {
	add("DescribeInstanceTypeOfferings", describeInstanceTypeOfferings)
	add("DescribeInstanceTypes", describeInstanceTypes)
}

type describeInstanceTypeOfferingsInput struct {
	LocationType string   `q:"LocationType"`
	Filters      []filter `q:"Filter"`
	MaxResults   *int64   `q:"MaxResults"`
	NextToken    string   `q:"NextToken"`
}

type describeInstanceTypeOfferingsOutput struct {
	Offerings wire.Set[offering] `xml:"instanceTypeOfferingSet"`
	NextToken string             `xml:"nextToken,omitempty"`
}

type offering struct {
	InstanceType string `xml:"instanceType"`
	LocationType string `xml:"locationType"`
	Location     string `xml:"location"`
}

// describeInstanceTypeOfferings lists the types by Region or by zone. Every type
// is offered in every zone here.
func describeInstanceTypeOfferings(c *action.Call, in *describeInstanceTypeOfferingsInput) (*describeInstanceTypeOfferingsOutput, error) {
	locations := []string{c.Region}
	switch in.LocationType {
	case "", "region":
		in.LocationType = "region"
	case "availability-zone":
		locations = zoneNames(c.Region)
	default:
		return nil, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for LocationType.", in.LocationType)
	}
	var all []offering
	for _, name := range sortedKeys(instanceTypes) {
		for _, location := range locations {
			o := offering{InstanceType: name, LocationType: in.LocationType, Location: location}
			match, err := matchAll(in.Filters, func(f string) ([]string, bool) {
				switch f {
				case "instance-type":
					return one(o.InstanceType)
				case "location":
					return one(o.Location)
				}
				return nil, false
			})
			if err != nil {
				return nil, err
			}
			if match {
				all = append(all, o)
			}
		}
	}
	part, next, err := page(all, in.MaxResults, in.NextToken, 1000)
	return &describeInstanceTypeOfferingsOutput{Offerings: part, NextToken: next}, err
}

type describeInstanceTypesInput struct {
	Types      []string `q:"InstanceType"`
	Filters    []filter `q:"Filter"`
	MaxResults *int64   `q:"MaxResults"`
	NextToken  string   `q:"NextToken"`
}

type describeInstanceTypesOutput struct {
	Types     wire.Set[instanceType] `xml:"instanceTypeSet"`
	NextToken string                 `xml:"nextToken,omitempty"`
}

type instanceType struct {
	Name          string           `xml:"instanceType"`
	Current       bool             `xml:"currentGeneration"`
	Burstable     bool             `xml:"burstablePerformanceSupported"`
	VCPUs         int64            `xml:"vCpuInfo>defaultVCpus"`
	MemoryMiB     int64            `xml:"memoryInfo>sizeInMiB"`
	Architectures wire.Set[string] `xml:"processorInfo>supportedArchitectures"`
	RootDevices   wire.Set[string] `xml:"supportedRootDeviceTypes"`
	UsageClasses  wire.Set[string] `xml:"supportedUsageClasses"`
}

func describeInstanceTypes(_ *action.Call, in *describeInstanceTypesInput) (*describeInstanceTypesOutput, error) {
	names := in.Types
	if len(names) == 0 {
		names = sortedKeys(instanceTypes)
	}
	var all []instanceType
	for _, name := range names {
		spec, known := instanceTypes[name]
		if !known {
			return nil, wire.Errorf("InvalidInstanceType", "The following supplied instance types do not exist: [%s]", name)
		}
		t := instanceType{
			Name: name, Current: spec.current, Burstable: spec.burstable, VCPUs: spec.vcpus, MemoryMiB: spec.memory,
			Architectures: wire.Set[string]{spec.arch}, RootDevices: wire.Set[string]{"ebs"}, UsageClasses: wire.Set[string]{"on-demand", "spot"},
		}
		match, err := matchAll(in.Filters, func(f string) ([]string, bool) {
			switch f {
			case "instance-type":
				return one(t.Name)
			case "processor-info.supported-architecture":
				return one(spec.arch)
			case "current-generation":
				return boolean(t.Current)
			case "burstable-performance-supported":
				return boolean(t.Burstable)
			}
			return nil, false
		})
		if err != nil {
			return nil, err
		}
		if match {
			all = append(all, t)
		}
	}
	part, next, err := page(all, in.MaxResults, in.NextToken, 100)
	return &describeInstanceTypesOutput{Types: part, NextToken: next}, err
}
