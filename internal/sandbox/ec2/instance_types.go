package ec2

import (
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

func init() {
	add("DescribeInstanceTypeOfferings", describeInstanceTypeOfferings)
	add("DescribeInstanceTypes", describeInstanceTypes)
}

// instanceFamilies are the families that can be launched, with their
// architecture; burstable families start with t.
var instanceFamilies = map[string]string{
	"t2": "x86_64", "t3": "x86_64", "t3a": "x86_64", "t4g": "arm64",
	"m4": "x86_64", "m5": "x86_64", "m5a": "x86_64", "m6i": "x86_64", "m6a": "x86_64", "m6g": "arm64", "m7i": "x86_64", "m7g": "arm64",
	"c4": "x86_64", "c5": "x86_64", "c6i": "x86_64", "c6g": "arm64", "c7i": "x86_64", "c7g": "arm64",
	"r5": "x86_64", "r6i": "x86_64", "r6g": "arm64", "r7i": "x86_64", "r7g": "arm64",
}

// instanceSizes give vCPUs and memory in MiB of a size, as in the m and t
// families; for an image's build only their order matters.
var instanceSizes = map[string][2]int64{
	"nano": {2, 512}, "micro": {2, 1024}, "small": {2, 2048}, "medium": {2, 4096}, "large": {2, 8192},
	"xlarge": {4, 16384}, "2xlarge": {8, 32768}, "4xlarge": {16, 65536}, "8xlarge": {32, 131072},
}

// typeArchitecture is the architecture of an instance type; false when there is
// no such type.
func typeArchitecture(name string) (string, bool) {
	family, size, _ := strings.Cut(name, ".")
	arch, known := instanceFamilies[family]
	_, sized := instanceSizes[size]
	return arch, known && sized
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
	for _, name := range typeNames() {
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
		names = typeNames()
	}
	var all []instanceType
	for _, name := range names {
		arch, known := typeArchitecture(name)
		if !known {
			return nil, wire.Errorf("InvalidInstanceType", "The following supplied instance types do not exist: [%s]", name)
		}
		family, size, _ := strings.Cut(name, ".")
		t := instanceType{
			Name: name, Current: true, Burstable: family[0] == 't', VCPUs: instanceSizes[size][0], MemoryMiB: instanceSizes[size][1],
			Architectures: wire.Set[string]{arch}, RootDevices: wire.Set[string]{"ebs"}, UsageClasses: wire.Set[string]{"on-demand", "spot"},
		}
		match, err := matchAll(in.Filters, func(f string) ([]string, bool) {
			switch f {
			case "instance-type":
				return one(t.Name)
			case "processor-info.supported-architecture":
				return one(arch)
			case "current-generation":
				return boolean(t.Current)
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

func typeNames() []string {
	names := make([]string, 0, len(instanceFamilies)*len(instanceSizes))
	for _, family := range sortedKeys(instanceFamilies) {
		for _, size := range sortedKeys(instanceSizes) {
			names = append(names, family+"."+size)
		}
	}
	return names
}
