package ec2

import (
	"context"
	"slices"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("CreateSnapshot", createSnapshot)
	add("DeleteSnapshot", deleteSnapshot)
}

type createSnapshotInput struct {
	VolumeID    string             `q:"VolumeId,required"`
	Description string             `q:"Description"`
	Location    string             `q:"Location"`
	Tags        []tagSpecification `q:"TagSpecification"`
}

// createSnapshot makes a snapshot of a volume. For the root volume of an instance
// it takes the guest's disk as it is then, without a stop.
func createSnapshot(c *action.Call, in *createSnapshotInput) (*snapshotItem, error) {
	mine := c.Mine()
	v := mine.Volumes[in.VolumeID]
	if v == nil {
		return nil, errNoVolume(in.VolumeID)
	}
	if in.Location != "" && in.Location != "regional" {
		return nil, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for Location. Snapshots of a volume in a Region are regional.", in.Location)
	}
	tags, err := tagsFor(in.Tags, "snapshot")
	if err != nil {
		return nil, err
	}
	s := snapshotOf(c, v)
	s.Description = in.Description
	mine.Snapshots.Put(s.ID, s)
	mine.SetTags(s.ID, tags)
	i := mine.Instances[first(v.InstanceID, v.GuestOf)]
	if i == nil || i.RootDeviceName != v.Device && v.GuestOf != i.ID || i.State == world.StateTerminated {
		s.ReadyAt = c.Now.Add(c.World.Delays.In(c.Region).ImageTime(s.Size))
	} else {
		snapshotRoot(c, i, s)
	}
	item := snapshotItemOf(c, s)
	return &item, nil
}

func snapshotRoot(c *action.Call, i *world.Instance, s *world.Snapshot) {
	w, id, layer := c.World, i.ID, "layer-"+c.World.NewID("disk")
	s.Held, s.Layers, s.DefaultUser = true, append(slices.Clone(i.Layers), layer), i.DefaultUser
	s.Platform, s.PlatformDetails, s.UsageOperation = i.Platform, i.PlatformDetails, i.UsageOperation
	w.Serial(id, func(ctx context.Context) {
		bytes, err := w.BackendOf(i).Commit(ctx, id, layer)
		w.Do(func() {
			now := w.Now()
			s.Held, s.ReadyAt = false, now.Add(w.Delays.In(s.Region).ImageTime(s.Size))
			s.Bytes += inBlocks(bytes)
			if err != nil {
				layers := s.Layers
				s.ReadyAt, s.Failure, s.Layers = now, "An internal error has occurred", nil
				dropLayers(w, layers)
			}
			dropUnused(w, []*world.Snapshot{s})
		})
	})
}

type deleteSnapshotInput struct {
	ID string `q:"SnapshotId,required"`
}

// deleteSnapshot refuses while an image uses the snapshot.
func deleteSnapshot(c *action.Call, in *deleteSnapshotInput) (*done, error) {
	s, err := ownSnapshot(c, in.ID)
	if err != nil {
		return nil, err
	}
	if users := usersOf(c, s.ID); len(users) > 0 {
		return nil, wire.Errorf("InvalidSnapshot.InUse", "The snapshot %s is currently in use by %s", s.ID, strings.Join(users, ", "))
	}
	removeSnapshot(c, s)
	return ok, nil
}

// removeSnapshot deletes a snapshot and the disks that it alone held. A disk still
// being taken is dropped when it is there.
func removeSnapshot(c *action.Call, s *world.Snapshot) {
	if keepSnapshot(c, s) {
		return
	}
	c.Mine().Snapshots.Delete(s.ID)
	c.Mine().DropTags(s.ID)
	if !s.Held {
		dropLayers(c.World, s.Layers)
	}
}
