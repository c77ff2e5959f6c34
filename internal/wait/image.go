package wait

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// settleTime is how long a mapping of an available image may lack its snapshot's
// id. An image registered with an empty volume lacks it for good.
const settleTime = 30 * time.Second

// imageWait is what a wait for an image keeps besides its waiter.
type imageWait struct {
	*waiter
	result    types.Image
	available time.Time // first seen so, in a row
	snapshots []string  // as last shown
}

func newImageWait(region, id string, o ImageOptions) *imageWait {
	w := &imageWait{waiter: newWaiter(region, id, o.Deadline, o.NotVisibleFor)}
	w.image = w
	return w
}

// lookAtImages makes one call for the images, and one for the snapshots of those
// that are still being made or have failed.
func lookAtImages(ctx context.Context, api API, waits []*waiter) sight {
	found, err := describeImages(ctx, api, waits)
	if err != nil {
		return sight{err: err}
	}
	var open []*imageWait
	var snapshots []string
	for _, w := range waits {
		image, ok := found[w.id]
		if !ok {
			w.image.unseen()
			continue
		}
		w.image.saw(image)
		if w.outcome == nil || w.failed != nil {
			open = append(open, w.image)
			snapshots = append(snapshots, w.image.snapshots...)
		}
	}
	byID, err := describeSnapshots(ctx, api, snapshots)
	for _, w := range open {
		w.sawSnapshots(byID)
	}
	return sight{partial: err}
}

func describeImages(ctx context.Context, api API, waits []*waiter) (map[string]types.Image, error) {
	in := &ec2.DescribeImagesInput{
		Filters: []types.Filter{{Name: aws.String("image-id"), Values: idsOf(waits)}},
		// Without these EC2 hides what ends a wait.
		IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true),
	}
	found := map[string]types.Image{}
	for {
		out, err := api.DescribeImages(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, image := range out.Images {
			found[aws.ToString(image.ImageId)] = image
		}
		if aws.ToString(out.NextToken) == "" {
			return found, nil
		}
		in.NextToken = out.NextToken
	}
}

func describeSnapshots(ctx context.Context, api API, ids []string) (map[string]types.Snapshot, error) {
	slices.Sort(ids)
	found := map[string]types.Snapshot{}
	for batch := range slices.Chunk(slices.Compact(ids), maxFilterValues) {
		in := &ec2.DescribeSnapshotsInput{Filters: []types.Filter{{Name: aws.String("snapshot-id"), Values: batch}}}
		for {
			out, err := api.DescribeSnapshots(ctx, in)
			if err != nil {
				return found, err
			}
			for _, s := range out.Snapshots {
				found[aws.ToString(s.SnapshotId)] = s
			}
			if aws.ToString(out.NextToken) == "" {
				break
			}
			in.NextToken = out.NextToken
		}
	}
	return found, nil
}

func (w *imageWait) unseen() {
	w.available = time.Time{}
	if gone := w.hidden(); gone != nil {
		w.finish(gone)
	}
}

func (w *imageWait) saw(image types.Image) {
	w.visible(string(image.State))
	if ids := snapshotIDs(image); len(ids) > 0 {
		w.snapshots = ids
	}
	switch image.State {
	case types.ImageStateFailed, types.ImageStateError, types.ImageStateInvalid,
		types.ImageStateDeregistered, types.ImageStateDisabled:
		w.fail(string(image.State), image.StateReason)
	case types.ImageStateAvailable:
		if w.available.IsZero() {
			w.available = time.Now()
		}
		if complete(image, time.Since(w.available) >= settleTime) {
			w.result = image
			w.advance(100)
			w.finish(nil)
			return
		}
		w.state = "available without its name or its snapshots"
	default: // pending, transient
		w.available = time.Time{}
	}
}

// complete tells whether an available image shows what the next calls need. EC2
// fills in name and block devices late. Once settled, only the root device's
// snapshot is asked for.
func complete(image types.Image, settled bool) bool {
	if aws.ToString(image.Name) == "" {
		return false
	}
	if image.RootDeviceType == types.DeviceTypeInstanceStore {
		return true
	}
	root := false
	for _, m := range image.BlockDeviceMappings {
		if m.Ebs == nil {
			continue
		}
		has := aws.ToString(m.Ebs.SnapshotId) != ""
		if !has && !settled {
			return false
		}
		if has && (image.RootDeviceName == nil || aws.ToString(m.DeviceName) == *image.RootDeviceName) {
			root = true
		}
	}
	return root
}

func snapshotIDs(image types.Image) []string {
	var ids []string
	for _, m := range image.BlockDeviceMappings {
		if m.Ebs != nil && aws.ToString(m.Ebs.SnapshotId) != "" {
			ids = append(ids, *m.Ebs.SnapshotId)
		}
	}
	return ids
}

// sawSnapshots takes progress from the snapshots, weighed by the size of their
// volumes, and their words on a failure.
func (w *imageWait) sawSnapshots(byID map[string]types.Snapshot) {
	var done, total float64
	for _, id := range w.snapshots {
		s, ok := byID[id]
		if !ok {
			continue
		}
		// A copy just accepted has size 0 and no volume of its own yet.
		weight := float64(max(1, aws.ToInt32(s.VolumeSize)))
		total += weight
		done += weight * percentOf(s)
		w.sawMessage(s)
	}
	if total > 0 && w.failed == nil && w.outcome == nil {
		// 100 is for the image.
		w.advance(min(99, int(done/total)))
	}
}

func (w *imageWait) sawMessage(s types.Snapshot) {
	message := aws.ToString(s.StateMessage)
	if w.failed == nil || message == "" {
		return
	}
	text := "snapshot " + aws.ToString(s.SnapshotId) + ": " + message
	if w.failed.Reason != "" {
		text = w.failed.Reason + "; " + text
	}
	w.failed.Reason = text
}

func percentOf(s types.Snapshot) float64 {
	if s.State == types.SnapshotStateCompleted {
		return 100
	}
	n, err := strconv.Atoi(strings.TrimSuffix(aws.ToString(s.Progress), "%"))
	if err != nil {
		return 0
	}
	return float64(max(0, min(100, n)))
}

func idsOf(waits []*waiter) []string {
	ids := make([]string, 0, len(waits))
	for _, w := range waits {
		ids = append(ids, w.id)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
