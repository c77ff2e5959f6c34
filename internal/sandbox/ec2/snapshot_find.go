package ec2

import (
	"slices"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func errNoSnapshot(id string) error {
	return wire.Errorf("InvalidSnapshot.NotFound", "The snapshot '%s' does not exist.", id)
}

func checkSnapshotID(id string) error {
	if !wellFormed("snap", id) {
		return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter snapshotId is invalid. Expected: 'snap-...'.", id)
	}
	return nil
}

// ownSnapshot finds a snapshot that the caller may change: its own. One that it
// may not even read does not exist for it.
func ownSnapshot(c *action.Call, id string) (*world.Snapshot, error) {
	if err := checkSnapshotID(id); err != nil {
		return nil, err
	}
	s := c.World.FindSnapshot(c.Region, id)
	switch {
	case s == nil || !c.World.MayUse(s, c.Account):
		return nil, errNoSnapshot(id)
	case s.OwnerID != c.Account:
		return nil, wire.Errorf("AuthFailure", "Not authorized for snapshot:%s", id) // unverified: text, which is that of images
	}
	return s, nil
}

// snapshotOf is a new snapshot of a volume, encrypted as the volume is, with the
// content that the volume began with. Who makes it says when it is ready.
func snapshotOf(c *action.Call, v *world.Volume) *world.Snapshot {
	s := &world.Snapshot{
		ID: c.World.NewID("snap"), OwnerID: c.Account, Region: c.Region, VolumeID: v.ID, Size: v.Size, Encrypted: v.Encrypted,
		KMSKeyARN: v.KMSKeyARN, Started: c.Now, TransferType: "standard",
	}
	if from := c.World.FindSnapshot(c.Region, v.SnapshotID); from != nil {
		s.Bytes, s.Layers = from.Bytes, slices.Clone(from.Layers)
		s.Platform, s.PlatformDetails, s.UsageOperation = from.Platform, from.PlatformDetails, from.UsageOperation
		s.ProductCodes, s.DefaultUser = slices.Clone(from.ProductCodes), from.DefaultUser
	}
	return s
}

// usersOf are the images of the caller that use a snapshot, the newest first,
// those in the recycle bin too.
func usersOf(c *action.Call, snapshotID string) []string {
	var users []*world.Image
	for _, image := range c.Mine().ImagesOn(snapshotID) {
		if !image.Deregistered || c.Mine().Bin[image.ID] != nil {
			users = append(users, image)
		}
	}
	slices.SortStableFunc(users, func(a, b *world.Image) int { return b.Created.Compare(a.Created) })
	ids := make([]string, 0, len(users))
	for _, image := range users {
		ids = append(ids, image.ID)
	}
	return ids
}
