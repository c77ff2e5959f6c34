package world

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// vendorImage is a public image of a vendor, the same in every Region under an
// id of its own. The root of its instances is the endpoint's base, whatever the
// name says: names, owners and devices are what templates filter on.
type vendorImage struct {
	owner, alias, name, description, arch, root, user string
	size                                              int64
	created                                           string
}

// The owners' account ids are the published ones: Amazon 137112412989, Debian
// 136693071363, Canonical 099720109477.
const (
	amazon      = "137112412989"
	debianOwner = "136693071363"
	canonical   = "099720109477"
)

var vendorImages = []vendorImage{
	{"137112412989", "amazon", "al2023-ami-2023.9.20260914.0-kernel-6.1-x86_64", "Amazon Linux 2023 AMI 2023.9.20260914.0 x86_64 HVM kernel-6.1", "x86_64", "/dev/xvda", "ec2-user", 8, "2026-09-14T20:11:07Z"},
	{"137112412989", "amazon", "al2023-ami-2023.9.20261102.0-kernel-6.1-x86_64", "Amazon Linux 2023 AMI 2023.9.20261102.0 x86_64 HVM kernel-6.1", "x86_64", "/dev/xvda", "ec2-user", 8, "2026-11-02T19:42:51Z"},
	{"137112412989", "amazon", "al2023-ami-2023.9.20261102.0-kernel-6.1-arm64", "Amazon Linux 2023 AMI 2023.9.20261102.0 arm64 HVM kernel-6.1", "arm64", "/dev/xvda", "ec2-user", 8, "2026-11-02T19:42:53Z"},
	{"136693071363", "", "debian-12-amd64-20261012-2262", "Debian 12 (20261012-2262)", "x86_64", "/dev/xvda", "admin", 8, "2026-10-12T06:10:11Z"},
	{"136693071363", "", "debian-13-amd64-20261019-2269", "Debian 13 (20261019-2269)", "x86_64", "/dev/xvda", "admin", 8, "2026-10-19T06:12:40Z"},
	{"099720109477", "", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20261105", "Canonical, Ubuntu, 24.04, amd64 noble image", "x86_64", "/dev/sda1", "ubuntu", 8, "2026-11-05T08:31:20Z"},
}

// addVendors puts the vendors' images into every Region. Their ids follow from
// Region and name alone, so that they are the same in every state.
func (w *World) addVendors() {
	w.Account(HomeAccount)
	for _, v := range vendorImages {
		w.Account(v.owner).Alias = v.alias
		for _, region := range RegionNames() {
			r := w.Region(v.owner, region)
			image := v.image(region)
			if r.Images.Get(image.ID) != nil {
				continue
			}
			r.Images.Put(image.ID, image)
			root := image.Mappings[0].EBS
			r.Snapshots.Put(root.SnapshotID, &Snapshot{
				ID: root.SnapshotID, OwnerID: v.owner, Region: region, VolumeID: "vol-ffffffff", Size: v.size,
				Bytes: v.size << 28, Description: v.description, Started: image.Created, ReadyAt: image.Created,
				Permissions: []Permission{{Group: "all"}}, PlatformDetails: image.PlatformDetails, UsageOperation: image.UsageOperation,
				Platform: image.Platform, DefaultUser: image.DefaultUser,
			})
		}
	}
}

func (v vendorImage) image(region string) *Image {
	sum := sha256.Sum256([]byte(region + "\x00" + v.name))
	hash := hex.EncodeToString(sum[:])
	created, err := time.Parse(time.RFC3339, v.created)
	if err != nil {
		panic("world: the time of the vendor image " + v.name + ": " + err.Error())
	}
	return &Image{
		ID: "ami-0" + hash[:16], Name: v.name, Description: v.description, OwnerID: v.owner, OwnerAlias: v.alias, Region: region,
		Architecture: v.arch, RootDeviceName: v.root, VirtualizationType: "hvm",
		PlatformDetails: "Linux/UNIX", UsageOperation: "RunInstances", BootMode: "uefi-preferred",
		ImdsSupport: "v2.0", EnaSupport: true, SriovSupport: "simple", Created: created, ReadyAt: created, Public: true,
		Permissions: []Permission{{Group: "all"}}, Protection: "disabled", DefaultUser: v.user,
		Mappings: []Mapping{{Device: v.root, EBS: &MappedVolume{
			SnapshotID: "snap-0" + hash[16:32], Type: "gp3", Size: v.size, IOPS: 3000, Throughput: 125, DeleteOnTermination: true,
		}}},
	}
}
