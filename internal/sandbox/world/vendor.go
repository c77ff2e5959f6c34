package world

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// addVendors puts the vendors' images into every Region. Their ids follow from
// Region and name alone, so that they are the same in every state.
func (w *World) addVendors() {
	w.Account(HomeAccount)
	for _, v := range vendorImages {
		w.Account(v.owner).Alias = v.alias
		for _, region := range RegionNames() {
			r := w.Region(v.owner, region)
			image := v.image(region)
			if r.Images.Has(image.ID) {
				continue
			}
			r.Images.Put(image.ID, image)
			root := v.rootSnapshot(image)
			r.Snapshots.Put(root.ID, root)
		}
	}
}

// publicLife is after how long EC2 deprecates a public image (EC2 User Guide,
// "Deprecate an AMI").
const publicLife = 2 // years

func (v vendorImage) image(region string) *Image {
	sum := sha256.Sum256([]byte(region + "\x00" + v.name))
	hash := hex.EncodeToString(sum[:])
	created, err := time.Parse(time.RFC3339, v.created)
	if err != nil {
		panic("world: the time of the vendor image " + v.name + ": " + err.Error())
	}
	volume := &MappedVolume{SnapshotID: "snap-0" + hash[16:32], Type: v.disk, Size: v.size, DeleteOnTermination: true}
	if v.disk == "gp3" {
		volume.IOPS, volume.Throughput = 3000, 125
	}
	image := &Image{
		ID: "ami-0" + hash[:16], Name: v.name, Description: v.description, OwnerID: v.owner, OwnerAlias: v.alias, Region: region,
		Architecture: v.arch, RootDeviceName: v.root, VirtualizationType: "hvm",
		Platform: v.platform, PlatformDetails: v.details, UsageOperation: v.usage, BootMode: v.boot, ImdsSupport: v.imds,
		EnaSupport: true, SriovSupport: "simple", Created: created, ReadyAt: created, Public: true, DeprecateAt: created.AddDate(publicLife, 0, 0),
		Permissions: []Permission{{Group: "all"}}, Protection: "disabled", DefaultUser: v.user,
		Mappings: []Mapping{{Device: v.root, EBS: volume}},
	}
	if v.code != "" {
		image.ProductCodes = []string{v.code}
	}
	return image
}

// rootSnapshot is open to all for images without billing or product code; the
// others can be launched and not copied.
func (v vendorImage) rootSnapshot(image *Image) *Snapshot {
	s := &Snapshot{
		ID: image.RootSnapshot(), OwnerID: v.owner, Region: image.Region, VolumeID: "vol-ffffffff", Size: v.size,
		Bytes: v.size << 28, Description: v.description, Started: image.Created, ReadyAt: image.Created,
		PlatformDetails: v.details, UsageOperation: v.usage, Platform: v.platform, ProductCodes: image.ProductCodes, DefaultUser: v.user,
	}
	if v.usage == plainUsage && v.code == "" {
		s.Permissions = []Permission{{Group: "all"}}
	}
	return s
}
