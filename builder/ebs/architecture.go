package ebs

import (
	"regexp"
	"strings"
)

// graviton matches the types with an AWS Graviton processor: a g among the letters
// after the generation. Source: "Amazon EC2 instance type naming conventions" in the
// EC2 instance types guide.
var graviton = regexp.MustCompile(`^(a1|[a-z]+[0-9]+[a-z]*g[a-z]*(-[a-z0-9]+)?)\.`)

// architecture tells what an instance type runs, as EC2 writes it on images. It has
// to be known in Prepare, where no call is allowed. Empty for an empty type.
func architecture(instanceType string) string {
	switch {
	case instanceType == "" || unknown(instanceType):
		return ""
	case strings.HasPrefix(instanceType, "mac1."):
		return "x86_64_mac"
	case strings.HasPrefix(instanceType, "mac"):
		return "arm64_mac"
	case graviton.MatchString(instanceType):
		return "arm64"
	}
	return "x86_64"
}

func (c *Config) architecture() string {
	if c.InstanceType == "" && len(c.SpotInstanceTypes) > 0 {
		return architecture(c.SpotInstanceTypes[0])
	}
	return architecture(c.InstanceType)
}
