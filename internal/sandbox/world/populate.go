package world

import (
	"fmt"
	"slices"
	"time"
)

// Population says how full [World.Populate] makes a world.
type Population struct {
	// Regions are filled; every one gets so many images and snapshots.
	Regions           []string
	Images, Snapshots int
	// Partner owns every tenth image and snapshot, half of them shared with
	// [HomeAccount]; the rest belong to HomeAccount.
	Partner string
}

// Populate fills the world as years of image builds do: each image with a root
// and a data device, each device with its snapshot, four tags on everything, and
// the snapshots left over as those that deregistered images leave behind. It is for
// benchmarks and tests of size; no call of the endpoint reaches it.
func (w *World) Populate(p Population) {
	for n, name := range p.Regions {
		w.Do(func() {
			w.populate(p, n, name)
			for _, r := range w.holders[name] {
				for _, t := range r.tables() {
					t.settle(w, true)
				}
			}
			w.Made() // nobody is told of these
		})
	}
}

func (w *World) populate(p Population, region int, name string) {
	home, partner := w.Region(HomeAccount, name), w.Region(p.Partner, name)
	start := w.Now().Add(-365 * 24 * time.Hour).Truncate(time.Second)
	step := 364 * 24 * time.Hour / time.Duration(max(p.Images, p.Snapshots, 1))
	left := p.Snapshots
	for n := range p.Images {
		r := home
		if n%10 == 9 {
			r = partner
		}
		made := start.Add(time.Duration(n) * step)
		image := populated(r, region, n, made)
		image.ID = w.NewID("ami")
		if r == partner && n%20 == 9 {
			image.Permissions = []Permission{{UserID: HomeAccount}}
		}
		for d := range image.Mappings {
			if left == 0 {
				image.Mappings = image.Mappings[:d]
				break
			}
			s := w.populatedSnapshot(r, image, image.Mappings[d].EBS)
			image.Mappings[d].EBS.SnapshotID = s.ID
			left--
		}
		r.Images.Put(image.ID, image)
		r.SetTags(image.ID, populatedTags(n))
	}
	for n := range left {
		image := populated(home, region, n, start.Add(time.Duration(n)*step))
		image.ID = w.NewID("ami")
		w.populatedSnapshot(home, image, image.Mappings[0].EBS)
	}
}

// populated is an image of one of a hundred families, one version after another.
func populated(r *Region, region, n int, made time.Time) *Image {
	image := &Image{
		Name:        fmt.Sprintf("golden/family-%02d/x86_64/%s-%06d", n%100, made.Format("2006.01.02"), n),
		Description: "Golden image, sealed and tested", OwnerID: r.Account, Region: r.Name, Architecture: "x86_64", RootDeviceName: "/dev/xvda",
		VirtualizationType: "hvm", PlatformDetails: "Linux/UNIX", UsageOperation: "RunInstances", BootMode: "uefi-preferred", ImdsSupport: "v2.0",
		SriovSupport: "simple", EnaSupport: true, Created: made, ReadyAt: made.Add(4 * time.Minute), Protection: "disabled", DefaultUser: "ec2-user",
		SourceImageRegion: "us-east-1", DeprecateAt: made.Add(2 * 365 * 24 * time.Hour), LastLaunched: made.Add(24 * time.Hour),
	}
	image.SourceImageID = fmt.Sprintf("ami-0%016x", uint64(region)<<32|uint64(n)) //nolint:gosec // both count from zero
	for _, device := range []string{"/dev/xvda", "/dev/sdf"} {
		image.Mappings = append(image.Mappings, Mapping{Device: device, EBS: &MappedVolume{
			Type: "gp3", Size: 8, IOPS: 3000, Throughput: 125, DeleteOnTermination: true,
		}})
	}
	return image
}

func (w *World) populatedSnapshot(r *Region, image *Image, v *MappedVolume) *Snapshot {
	s := &Snapshot{
		ID: w.NewID("snap"), OwnerID: image.OwnerID, Region: image.Region, VolumeID: "vol-ffffffff", Size: v.Size, Bytes: v.Size << 28,
		Started: image.Created, ReadyAt: image.ReadyAt, TransferType: "standard", SourceID: w.NewID("snap"), SourceRegion: image.SourceImageRegion,
		OfImage: true, PlatformDetails: image.PlatformDetails, UsageOperation: image.UsageOperation, DefaultUser: image.DefaultUser,
	}
	s.Description = "Copied for DestinationAmi " + image.ID + " from SourceAmi " + image.SourceImageID + " for SourceSnapshot " + s.SourceID + "."
	s.Permissions = slices.Clone(image.Permissions)
	r.Snapshots.Put(s.ID, s)
	r.SetTags(s.ID, populatedTags(int(image.Created.Unix())))
	return s
}

func populatedTags(n int) map[string]string {
	return map[string]string{
		"Name": fmt.Sprintf("golden-%02d", n%100), "team": []string{"web", "data", "platform", "edge"}[n%4],
		"build-run": fmt.Sprintf("01K%023d", n), "build-tier": []string{"base", "hardened", "product"}[n%3],
	}
}
