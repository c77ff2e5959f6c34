package world

import "time"

// Snapshot is an EBS snapshot. Sizes are in GiB, Bytes is what is stored in full.
type Snapshot struct {
	ID, OwnerID, Region, VolumeID, Description string
	Size                                       int64
	Bytes                                      int64
	Encrypted                                  bool
	KMSKeyARN                                  string
	Started                                    time.Time
	// ReadyAt is when the snapshot is completed, or in error if Failure is set.
	ReadyAt time.Time
	Held    bool
	// Failure is the StateMessage of a snapshot that ends in error.
	Failure      string
	Permissions  []Permission
	TransferType string
	// SourceID and SourceRegion are set on copies.
	SourceID, SourceRegion string
	// OfImage tells that CopyImage made the copy, which has a limit of its own.
	OfImage bool
	// CompletionMinutes is what a time-based copy was asked for, else zero.
	CompletionMinutes int64
	// PlatformDetails and UsageOperation are the billing information that the
	// snapshot of a root device carries; RegisterImage derives an image's from it.
	PlatformDetails, UsageOperation, Platform string
	ProductCodes                              []string
	// DefaultUser is who logs in on instances of an image of this snapshot.
	DefaultUser string
	// Layers are the disks of instances that this snapshot holds, bottom first.
	Layers []string
}

// State is the snapshot's state at a moment, in EC2's words.
func (s *Snapshot) State(now time.Time) string {
	switch {
	case s.Held || now.Before(s.ReadyAt):
		return "pending"
	case s.Failure != "":
		return "error"
	default:
		return "completed"
	}
}

// Percent is how far the snapshot is at a moment, 0 to 100.
func (s *Snapshot) Percent(now time.Time) int {
	total := s.ReadyAt.Sub(s.Started)
	switch {
	case s.State(now) != "pending":
		return 100
	case s.Held:
		return 0
	case total <= 0:
		return 99
	default:
		return min(99, int(100*now.Sub(s.Started)/total))
	}
}

// Settled tells whether a copy's description of itself can be read: just after
// CopySnapshot it has neither size nor encryption yet. The first tenth of the
// copy's time stands for "just after".
func (s *Snapshot) Settled(now time.Time) bool {
	return s.SourceID == "" || s.State(now) != "pending" || s.Percent(now) >= 10
}

// Volume is an EBS volume.
type Volume struct {
	ID, AvailabilityZone, SnapshotID, Type string
	Size, IOPS, Throughput                 int64
	Encrypted                              bool
	KMSKeyARN                              string
	Created                                time.Time
	// State is available, in-use or deleting.
	State               string
	InstanceID, Device  string
	DeleteOnTermination bool
	// Attached is when AttachVolume attached it; zero for a volume of a launch,
	// which is attached as it is made.
	Attached time.Time
	// Modifications are what ModifyVolume did, oldest first.
	Modifications []VolumeModification
	// GuestOf is the instance whose guest's disk this is, for a root volume that was
	// detached.
	GuestOf string
}

// VolumeFigures are what of a volume can be modified: GiB, IOPS and MiB/s.
type VolumeFigures struct {
	Type                   string
	Size, IOPS, Throughput int64
}

// VolumeModification is one change of a volume.
type VolumeModification struct {
	From, To VolumeFigures
	Started  time.Time
}

// FindSnapshot gives the snapshot of an id in a Region, whoever owns it.
func (w *World) FindSnapshot(region, id string) *Snapshot {
	for _, r := range w.holders[region] {
		if s := r.Snapshots.Get(id); s != nil {
			return s
		}
	}
	return nil
}

// MayUse tells whether the account may make volumes of the snapshot. Where the
// owner blocks all public sharing, a public snapshot counts as private.
func (w *World) MayUse(s *Snapshot, account string) bool {
	if s.OwnerID == account {
		return true
	}
	for _, p := range s.Permissions {
		if p.UserID == account || p.Group == "all" && w.Region(s.OwnerID, s.Region).SnapshotsBlocked != "block-all-sharing" {
			return true
		}
	}
	return false
}

// LayerInUse tells whether any snapshot holds the layer, or any instance runs on
// it, so that its disk may not be dropped.
func (w *World) LayerInUse(layer string) bool {
	used := false
	for _, r := range w.regions() {
		r.Snapshots.walk("", r.Snapshots.rest.layeredRows(), func(s *Snapshot) bool {
			used = contains(s.Layers, layer)
			return !used
		})
		for _, b := range r.Bin {
			used = used || b.Snapshot != nil && contains(b.Snapshot.Layers, layer)
		}
		for _, i := range r.Instances {
			used = used || i.State != StateTerminated && contains(i.Layers, layer)
		}
		if used {
			return true
		}
	}
	return false
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// UsableSnapshots are the snapshots of a Region of which the account may make
// volumes, in the order of their ids.
func (w *World) UsableSnapshots(region, account string) []*Snapshot {
	var all []*Snapshot
	w.EachSnapshot(region, Query{Account: account}, func(s *Snapshot) bool {
		kept := *s
		all = append(all, &kept)
		return true
	})
	return all
}
