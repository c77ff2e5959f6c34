package ssm

import (
	"path"
	"sort"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// publicRoot is below which the vendors publish parameters for everyone.
const publicRoot = "/aws/service/"

// publicImage says which of a vendor's images a public parameter names: the
// newest whose name matches.
type publicImage struct{ owner, pattern string }

const (
	amazonLinux = publicRoot + "ami-amazon-linux-latest/"
	debian      = publicRoot + "debian/release/"
	ubuntu      = publicRoot + "canonical/ubuntu/server/"
)

// publicImages are the parameters' published names, with the vendors' accounts.
var publicImages = map[string]publicImage{
	amazonLinux + "al2023-ami-kernel-default-x86_64":         {"137112412989", "al2023-ami-2023.*-x86_64"},
	amazonLinux + "al2023-ami-kernel-6.1-x86_64":             {"137112412989", "al2023-ami-2023.*-kernel-6.1-x86_64"},
	amazonLinux + "al2023-ami-kernel-default-arm64":          {"137112412989", "al2023-ami-2023.*-arm64"},
	amazonLinux + "al2023-ami-kernel-6.1-arm64":              {"137112412989", "al2023-ami-2023.*-kernel-6.1-arm64"},
	debian + "12/latest/amd64":                               {"136693071363", "debian-12-amd64-*"},
	debian + "13/latest/amd64":                               {"136693071363", "debian-13-amd64-*"},
	ubuntu + "24.04/stable/current/amd64/hvm/ebs-gp3/ami-id": {"099720109477", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*"},
	ubuntu + "noble/stable/current/amd64/hvm/ebs-gp3/ami-id": {"099720109477", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*"},
}

func publicNames() []string {
	names := make([]string, 0, len(publicImages))
	for name := range publicImages {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// public gives a public parameter, or nil when there is none or the endpoint has
// no image for it.
func public(c *action.Call, name string) *parameter {
	wanted, known := publicImages[name]
	if !known {
		return nil
	}
	var newest *world.Image
	for _, image := range c.World.Region(wanted.owner, c.Region).Images.All() {
		match, err := path.Match(wanted.pattern, image.Name)
		if err == nil && match && image.State(c.Now) == "available" && (newest == nil || image.Created.After(newest.Created)) {
			newest = image
		}
	}
	if newest == nil {
		return nil
	}
	return &parameter{
		Name: name, Type: "String", Value: newest.ID, Version: 1, Modified: float64(newest.Created.UnixMilli()) / 1000,
		ARN: "arn:aws:ssm:" + c.Region + "::parameter" + name, DataType: imageType,
	}
}
