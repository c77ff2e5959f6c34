package world

import (
	"path"
	"slices"
	"time"
)

// publicImage says which of a vendor's images a public parameter names: the newest
// whose name matches.
type publicImage struct{ owner, pattern string }

// PublicParameterRoot is below which vendors publish parameters for everyone.
const PublicParameterRoot = "/aws/service/"

const (
	amazonLinux = PublicParameterRoot + "ami-amazon-linux-latest/"
	windowsPath = PublicParameterRoot + "ami-windows-latest/"
	debian      = PublicParameterRoot + "debian/release/"
	ubuntu      = PublicParameterRoot + "canonical/ubuntu/server/"
	suse        = PublicParameterRoot + "suse/sles/"
)

// publicImages are the parameters' published names; Red Hat publishes none.
var publicImages = map[string]publicImage{
	amazonLinux + "al2023-ami-kernel-default-x86_64":         {amazon, "al2023-ami-2023.*-x86_64"},
	amazonLinux + "al2023-ami-kernel-6.1-x86_64":             {amazon, "al2023-ami-2023.*-kernel-6.1-x86_64"},
	amazonLinux + "al2023-ami-kernel-default-arm64":          {amazon, "al2023-ami-2023.*-arm64"},
	amazonLinux + "al2023-ami-kernel-6.1-arm64":              {amazon, "al2023-ami-2023.*-kernel-6.1-arm64"},
	debian + "12/latest/amd64":                               {debianOwner, "debian-12-amd64-*"},
	debian + "13/latest/amd64":                               {debianOwner, "debian-13-amd64-*"},
	ubuntu + "24.04/stable/current/amd64/hvm/ebs-gp3/ami-id": {canonical, "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*"},
	ubuntu + "noble/stable/current/amd64/hvm/ebs-gp3/ami-id": {canonical, "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*"},
	suse + "15-sp7/x86_64/latest":                            {suseOwner, "suse-sles-15-sp7-v*-hvm-ssd-x86_64"},
	windowsPath + "Windows_Server-2016-English-Full-Base":    {microsoft, "Windows_Server-2016-English-Full-Base-*"},
	windowsPath + "Windows_Server-2019-English-Full-Base":    {microsoft, "Windows_Server-2019-English-Full-Base-*"},
	windowsPath + "Windows_Server-2022-English-Full-Base":    {microsoft, "Windows_Server-2022-English-Full-Base-*"},
	windowsPath + "Windows_Server-2025-English-Full-Base":    {microsoft, "Windows_Server-2025-English-Full-Base-*"},
}

// PublicParameters are the names of the public parameters, in order.
func PublicParameters() []string {
	names := make([]string, 0, len(publicImages))
	for name := range publicImages {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// PublicImage is the image that a public parameter names in a Region, or nil when
// there is no such parameter, or no image for it.
func (w *World) PublicImage(region, name string, now time.Time) *Image {
	wanted, known := publicImages[name]
	if !known {
		return nil
	}
	var newest *Image
	for _, image := range w.Region(wanted.owner, region).Images.All() {
		match, err := path.Match(wanted.pattern, image.Name)
		if err == nil && match && image.State(now) == "available" && (newest == nil || image.Created.After(newest.Created)) {
			newest = image
		}
	}
	return newest
}
