package ec2

import (
	"context"
	"slices"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// takeDisk fills an image whose snapshots are held: the guest's own changes become
// a layer of the root snapshot, beside whatever else happens to that guest, in
// order with it. The layers are noted at once, so that none below is dropped
// meanwhile. A disk that cannot be taken ends image and snapshots as failed.
func takeDisk(c *action.Call, i *world.Instance, image *world.Image, reboot bool) {
	layer := "layer-" + c.World.NewID("disk")
	fillSnapshots(c, i, image, layer)
	w, spec := c.World, guestSpec(c, i)
	held := heldSnapshots(c, image)
	w.Serial(i.ID, func(ctx context.Context) {
		var err error
		if reboot {
			err = w.BackendOf(i).Stop(ctx, spec.ID)
		}
		var bytes int64
		if err == nil {
			bytes, err = w.BackendOf(i).Commit(ctx, spec.ID, layer)
		}
		w.Do(func() { finishDisk(w, image, held, bytes, err) })
		if !reboot {
			return
		}
		if err := w.BackendOf(i).Start(ctx, spec); err != nil && ctx.Err() == nil {
			w.Do(func() { i.ConsoleText = append(i.ConsoleText, err.Error()...) })
		}
	})
}

func fillSnapshots(c *action.Call, i *world.Instance, image *world.Image, layer string) {
	if root := c.Mine().Snapshots.Get(image.RootSnapshot()); root != nil {
		root.Layers = append(slices.Clone(i.Layers), layer)
	}
}

func heldSnapshots(c *action.Call, image *world.Image) []*world.Snapshot {
	var held []*world.Snapshot
	for _, id := range image.SnapshotIDs() {
		if s := c.Mine().Snapshots.Get(id); s != nil && s.Held {
			held = append(held, s)
		}
	}
	return held
}

// finishDisk lets image and snapshots go on to available, or to failed. The root
// snapshot's size in full is what its source had and what the layer adds.
func finishDisk(w *world.World, image *world.Image, held []*world.Snapshot, bytes int64, err error) {
	now, delays := w.Now(), w.Delays.In(image.Region)
	image.Held = false
	var gib int64
	for _, s := range held {
		gib = max(gib, s.Size)
		s.Held, s.ReadyAt = false, now.Add(delays.ImageTime(s.Size))
		if s.ID == image.RootSnapshot() {
			s.Bytes += inBlocks(bytes)
		}
		if err != nil {
			s.ReadyAt, s.Failure = now, "An internal error has occurred"
		}
	}
	image.ReadyAt = now.Add(delays.ImageTime(gib))
	if err == nil {
		if image.Flaps != nil {
			w.Flap(image)
		}
		dropUnused(w, held) // whoever deregistered and deleted it meanwhile
		return
	}
	image.ReadyAt = now
	image.Failure = &world.Reason{Code: "Server.InternalError", Message: "Server.InternalError: the disk of the instance could not be taken: " + err.Error()}
	for _, s := range held {
		layers := s.Layers
		s.Layers = nil
		dropLayers(w, layers)
	}
}

// dropUnused drops the layers of snapshots that are gone.
func dropUnused(w *world.World, snapshots []*world.Snapshot) {
	for _, s := range snapshots {
		if w.FindSnapshot(s.Region, s.ID) == nil {
			dropLayers(w, s.Layers)
		}
	}
}

// dropLayers drops the disks that no snapshot and no instance needs any more. Call
// it after a snapshot is deleted or an instance is terminated, inside
// [world.World.Do].
func dropLayers(w *world.World, layers []string) {
	var unused []string
	for _, layer := range layers {
		if !w.LayerInUse(layer) {
			unused = append(unused, layer)
		}
	}
	if len(unused) == 0 {
		return
	}
	w.Go(func(context.Context) {
		for _, layer := range unused {
			_ = w.Backend.DeleteLayer(layer) // what stays is disk space, no wrong answer
		}
	})
}
