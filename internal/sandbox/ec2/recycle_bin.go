package ec2

import (
	"maps"
	"slices"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("ListImagesInRecycleBin", listBinnedImages)
	add("RestoreImageFromRecycleBin", restoreImage)
	add("ListSnapshotsInRecycleBin", listBinnedSnapshots)
	add("RestoreSnapshotFromRecycleBin", restoreSnapshot)
}

// keepImage puts an image that is about to be deregistered into the recycle bin,
// if a retention rule is for it.
func keepImage(c *action.Call, image *world.Image) {
	mine := c.Mine()
	tags := mine.TagsOf(image.ID)
	if d := mine.Retention(world.BinImages, tags); d > 0 {
		mine.Bin[image.ID] = &world.Binned{ID: image.ID, Entered: c.Now, Exit: c.Now.Add(d), Tags: maps.Clone(tags), Permissions: image.Permissions}
	}
}

// keepSnapshot puts a snapshot into the recycle bin in place of deleting it, if a
// retention rule is for it, and tells whether it did.
func keepSnapshot(c *action.Call, s *world.Snapshot) bool {
	mine := c.Mine()
	tags := mine.TagsOf(s.ID)
	d := mine.Retention(world.BinSnapshots, tags)
	if d == 0 {
		return false
	}
	mine.Bin[s.ID] = &world.Binned{ID: s.ID, Entered: c.Now, Exit: c.Now.Add(d), Tags: maps.Clone(tags), Snapshot: s}
	mine.Snapshots.Delete(s.ID)
	mine.DropTags(s.ID)
	return true
}

// emptyBin lets go what the recycle bin has kept for long enough.
func emptyBin(c *action.Call) {
	mine := c.Mine()
	for _, id := range sortedKeys(mine.Bin) {
		b := mine.Bin[id]
		if c.Now.Before(b.Exit) {
			continue
		}
		delete(mine.Bin, id)
		if b.Snapshot != nil {
			dropLayers(c.World, b.Snapshot.Layers)
		}
	}
}

// binned is what of one kind is in the recycle bin, or what of that is asked for:
// an id that is not there is left out.
func binned(c *action.Call, prefix string, ids []string) ([]*world.Binned, error) {
	const most = 20
	if len(ids) > most {
		return nil, wire.Errorf("InvalidParameterValue", "At most %d IDs can be specified", most) // unverified: code and text; the limit is documented
	}
	emptyBin(c)
	var list []*world.Binned
	for _, id := range sortedKeys(c.Mine().Bin) {
		if wellFormed(prefix, id) && (len(ids) == 0 || slices.Contains(ids, id)) {
			list = append(list, c.Mine().Bin[id])
		}
	}
	return list, nil
}

type listImagesInput struct {
	IDs        []string `q:"ImageId"`
	MaxResults *int64   `q:"MaxResults"`
	NextToken  string   `q:"NextToken"`
}

type listImagesOutput struct {
	Images    wire.Set[binnedImage] `xml:"imageSet"`
	NextToken string                `xml:"nextToken,omitempty"`
}

type binnedImage struct {
	ID          string    `xml:"imageId"`
	Name        string    `xml:"name"`
	Description string    `xml:"description,omitempty"`
	Entered     wire.Time `xml:"recycleBinEnterTime"`
	Exit        wire.Time `xml:"recycleBinExitTime"`
}

func listBinnedImages(c *action.Call, in *listImagesInput) (*listImagesOutput, error) {
	list, err := binned(c, "ami", in.IDs)
	if err != nil {
		return nil, err
	}
	all := make([]binnedImage, 0, len(list))
	for _, b := range list {
		image := c.Mine().Images.Get(b.ID)
		all = append(all, binnedImage{ID: b.ID, Name: image.Name, Description: image.Description, Entered: wire.Time(b.Entered), Exit: wire.Time(b.Exit)})
	}
	part, next, err := page(all, in.MaxResults, in.NextToken, 1000)
	return &listImagesOutput{Images: part, NextToken: next}, err
}

// restoreImage brings an image back as it was, its tags and sharing too. Its name
// may have been taken meanwhile.
func restoreImage(c *action.Call, in *imageOnly) (*done, error) {
	if err := checkImageID(in.ImageID); err != nil {
		return nil, err
	}
	emptyBin(c)
	mine := c.Mine()
	b := mine.Bin[in.ImageID]
	if b == nil { // unverified: code and text
		return nil, wire.Errorf("InvalidAMIID.NotFound", "The image id '[%s]' does not exist in the Recycle Bin", in.ImageID)
	}
	image := mine.Images.Get(b.ID)
	image.Deregistered = false
	setPermissions(image, b.Permissions)
	mine.SetTags(b.ID, b.Tags)
	delete(mine.Bin, b.ID)
	return ok, nil
}

type listSnapshotsInput struct {
	IDs        []string `q:"SnapshotId"`
	MaxResults *int64   `q:"MaxResults"`
	NextToken  string   `q:"NextToken"`
}

type listSnapshotsOutput struct {
	Snapshots wire.Set[binnedSnapshot] `xml:"snapshotSet"`
	NextToken string                   `xml:"nextToken,omitempty"`
}

type binnedSnapshot struct {
	ID          string    `xml:"snapshotId"`
	VolumeID    string    `xml:"volumeId"`
	Description string    `xml:"description"`
	Entered     wire.Time `xml:"recycleBinEnterTime"`
	Exit        wire.Time `xml:"recycleBinExitTime"`
}

func listBinnedSnapshots(c *action.Call, in *listSnapshotsInput) (*listSnapshotsOutput, error) {
	list, err := binned(c, "snap", in.IDs)
	if err != nil {
		return nil, err
	}
	all := make([]binnedSnapshot, 0, len(list))
	for _, b := range list {
		s := b.Snapshot
		all = append(all, binnedSnapshot{ID: s.ID, VolumeID: s.VolumeID, Description: s.Description, Entered: wire.Time(b.Entered), Exit: wire.Time(b.Exit)})
	}
	part, next, err := page(all, in.MaxResults, in.NextToken, 1000)
	return &listSnapshotsOutput{Snapshots: part, NextToken: next}, err
}

type snapshotOnly struct {
	ID string `q:"SnapshotId,required"`
}

type restoredSnapshot struct {
	ID          string    `xml:"snapshotId"`
	Description string    `xml:"description"`
	Encrypted   bool      `xml:"encrypted"`
	OwnerID     string    `xml:"ownerId"`
	Progress    string    `xml:"progress"`
	Started     wire.Time `xml:"startTime"`
	State       string    `xml:"status"`
	VolumeID    string    `xml:"volumeId"`
	Size        int64     `xml:"volumeSize"`
}

func restoreSnapshot(c *action.Call, in *snapshotOnly) (*restoredSnapshot, error) {
	if err := checkSnapshotID(in.ID); err != nil {
		return nil, err
	}
	emptyBin(c)
	mine := c.Mine()
	b := mine.Bin[in.ID]
	if b == nil {
		return nil, errNoSnapshot(in.ID)
	}
	mine.Snapshots.Put(b.ID, b.Snapshot)
	mine.SetTags(b.ID, b.Tags)
	delete(mine.Bin, b.ID)
	item := snapshotItemOf(c, b.Snapshot)
	return &restoredSnapshot{
		ID: item.ID, Description: item.Description, Encrypted: item.Encrypted, OwnerID: item.OwnerID, Progress: item.Progress, Started: item.Started,
		State: item.Status, VolumeID: item.VolumeID, Size: item.Size,
	}, nil
}
