package world

import (
	"slices"
	"time"
)

// Reason is why something failed or was stopped: EC2's StateReason.
type Reason struct{ Code, Message string }

// Image is an AMI.
type Image struct {
	ID, Name, Description, OwnerID, OwnerAlias, Region string

	Architecture, RootDeviceName, VirtualizationType string
	Platform, PlatformDetails, UsageOperation        string
	BootMode, ImdsSupport, TpmSupport, SriovSupport  string
	UefiData, KernelID, RamdiskID                    string
	EnaSupport                                       bool

	Created time.Time
	// ReadyAt is when the image becomes available, or failed if Failure is set.
	ReadyAt time.Time
	// Held keeps the image pending past ReadyAt while its disk is being taken.
	Held bool
	// Failure is how the image ends when it cannot become available.
	Failure *Reason
	// Flaps is set on an image that comes and goes.
	Flaps    *Flaps `json:"-"`
	Disabled bool
	// Deregistered is set on an image that is gone: EC2 remembers its id and
	// answers a second DeregisterImage differently from an unknown one.
	Deregistered bool

	Mappings     []Mapping
	ProductCodes []string
	Permissions  []Permission
	Public       bool

	// SourceImageID, SourceImageRegion and SourceInstanceID are the image's ancestry.
	SourceImageID, SourceImageRegion, SourceInstanceID string
	// DeprecateAt is zero when the image is not to be deprecated.
	DeprecateAt time.Time
	// Protection is disabled, enabled-without-cooldown or enabled-with-cooldown.
	Protection string
	// ProtectedUntil is the end of the cooldown after protection was disabled.
	ProtectedUntil time.Time
	LastLaunched   time.Time

	// DefaultUser is who logs in on instances of the image; made images take it
	// from the instance or image that they were made of.
	DefaultUser string
	FastLaunch  *FastLaunch
}

// Mapping is one block device of an image.
type Mapping struct {
	Device, VirtualName string
	NoDevice            bool
	EBS                 *MappedVolume
}

// MappedVolume is the EBS part of a [Mapping]. Sizes are in GiB.
type MappedVolume struct {
	SnapshotID, Type    string
	Size                int64
	IOPS, Throughput    int64
	Encrypted           bool
	KMSKeyID            string
	DeleteOnTermination bool
}

// Permission is one entry of an image's launch permissions or a snapshot's
// create-volume permissions; one field is set.
type Permission struct{ UserID, Group, OrganizationARN, OrganizationalUnitARN string }

// FastLaunch is the Windows fast launch configuration of an image.
type FastLaunch struct {
	LaunchTemplateID, LaunchTemplateName, LaunchTemplateVersion string
	MaxParallelLaunches, TargetResourceCount                    int64
	// ReadyAt is when the first snapshot is ready; DisabledAt is when the last one
	// is gone, or zero.
	ReadyAt, DisabledAt time.Time
	// Changed is when the owner last asked for a change.
	Changed time.Time
}

// State is the image's state at a moment, in EC2's words.
func (i *Image) State(now time.Time) string {
	switch {
	case i.Deregistered:
		return "deregistered"
	case i.Held || now.Before(i.ReadyAt):
		return "pending"
	case i.Failure != nil:
		return "failed"
	case i.Flaps != nil && i.Flaps.pending(now.Sub(i.ReadyAt)):
		return "pending"
	case i.Disabled:
		return "disabled"
	default:
		return "available"
	}
}

// VisibleTo tells whether the account may see and launch the image. Nobody sees a
// deregistered one, and a disabled one has lost its sharing. The endpoint knows no
// members of organizations, so that their permissions are kept and let nobody in.
func (i *Image) VisibleTo(account string) bool {
	switch {
	case i.Deregistered:
		return false
	case i.OwnerID == account:
		return true
	case i.Disabled:
		return false
	}
	return i.Public || i.SharedWith(account)
}

// SharedWith tells whether the image's launch permissions name the account.
func (i *Image) SharedWith(account string) bool {
	for _, p := range i.Permissions {
		if p.UserID == account {
			return true
		}
	}
	return false
}

// Deprecated tells whether the image's deprecation date has come.
func (i *Image) Deprecated(now time.Time) bool {
	return !i.DeprecateAt.IsZero() && !now.Before(i.DeprecateAt)
}

// SnapshotIDs are the snapshots of the image's devices, in their order.
func (i *Image) SnapshotIDs() []string {
	var ids []string
	for _, m := range i.Mappings {
		if m.EBS != nil && m.EBS.SnapshotID != "" {
			ids = append(ids, m.EBS.SnapshotID)
		}
	}
	return ids
}

// RootSnapshot is the snapshot id of the root device, or "".
func (i *Image) RootSnapshot() string {
	for _, m := range i.Mappings {
		if m.Device == i.RootDeviceName && m.EBS != nil {
			return m.EBS.SnapshotID
		}
	}
	return ""
}

// FindImage gives the image of an id in a Region, whoever owns it; nil for one
// that never was or is deregistered.
func (w *World) FindImage(region, id string) *Image {
	if i := w.KnownImage(region, id); i != nil && !i.Deregistered {
		return i
	}
	return nil
}

// KnownImage is [World.FindImage] that gives deregistered images too.
func (w *World) KnownImage(region, id string) *Image {
	for _, r := range w.holders[region] {
		if i := r.Images.Get(id); i != nil {
			return i
		}
	}
	return nil
}

// PublicImages counts the account's public images of the Region, which EC2 limits.
func (r *Region) PublicImages() int {
	n := 0
	r.Images.walk("", r.Images.rest.publicRows(), func(i *Image) bool {
		if i.Public && !i.Deregistered {
			n++
		}
		return true
	})
	return n
}

// ImageNamed gives the image of a name of the account in the Region that a test
// takes, or nil: names are no longer unique once images are copied.
func (r *Region) ImageNamed(name string, take func(*Image) bool) *Image {
	var found *Image
	r.Images.walk("", r.Images.rest.named(name), func(i *Image) bool {
		if i.Name == name && take(i) {
			kept := *i
			found = &kept
		}
		return found == nil
	})
	return found
}

// ImagesOn are the account's images in the Region with a snapshot, deregistered ones
// too, in the order of their ids.
func (r *Region) ImagesOn(snapshotID string) []*Image {
	var users []*Image
	r.Images.walk("", r.Images.rest.containing(snapshotID), func(i *Image) bool {
		if slices.Contains(i.SnapshotIDs(), snapshotID) {
			kept := *i
			users = append(users, &kept)
		}
		return true
	})
	return users
}

// VisibleImages are the images of a Region that the account may see, in the order
// of their ids.
func (w *World) VisibleImages(region, account string) []*Image {
	var all []*Image
	w.EachImage(region, Query{Account: account}, func(i *Image) bool {
		kept := *i
		all = append(all, &kept)
		return true
	})
	return all
}

// abandon ends what was being taken when an endpoint was killed: its disks are in
// no layer, and nothing is left that would finish them.
func (r *Region) abandon() {
	for _, i := range r.Images.Live() {
		if i.Held {
			i.Held, i.Failure = false, &Reason{Code: "Server.InternalError", Message: "Server.InternalError: the endpoint ended while the disk was being taken"}
		}
	}
	for _, s := range r.Snapshots.Live() {
		if s.Held {
			s.Held, s.Failure, s.Layers = false, "An internal error has occurred", nil
		}
	}
}
