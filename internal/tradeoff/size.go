package tradeoff

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// SnapshotsAPI is the look at snapshots.
type SnapshotsAPI interface {
	DescribeSnapshots(ctx context.Context, in *ec2.DescribeSnapshotsInput, opts ...func(*ec2.Options)) (*ec2.DescribeSnapshotsOutput, error)
}

const gib = 1 << 30

// Storage notes what the image has of its own and what it shares with its parent. It
// fails, and notes nothing, where EC2 does not tell the size of a snapshot.
func (f Figures) Storage(ctx context.Context, api SnapshotsAPI, image, parent types.Image) error {
	below := map[string]string{}
	if parent.OwnerId != nil && aws.ToString(parent.OwnerId) == aws.ToString(image.OwnerId) {
		below = disks(parent)
	}
	devices := disks(image)
	var ids []string
	for device, id := range devices {
		ids = append(ids, id)
		if of := below[device]; of != "" {
			ids = append(ids, of)
		}
	}
	if len(ids) == 0 {
		return fmt.Errorf("image %s shows no snapshots", aws.ToString(image.ImageId))
	}
	snapshots, err := describe(ctx, api, ids)
	if err != nil {
		return err
	}
	var own, inherited int64
	for device, id := range devices {
		s, known := snapshots[id]
		if !known || s.FullSnapshotSizeInBytes == nil {
			return fmt.Errorf("EC2 does not tell the size of snapshot %s of image %s", id, aws.ToString(image.ImageId))
		}
		shared := sharedBytes(s, snapshots[below[device]])
		own += *s.FullSnapshotSizeInBytes - shared
		inherited += shared
	}
	f.Set(Own, float64(own)/gib)
	f.Set(Inherited, float64(inherited)/gib)
	return nil
}

// sharedBytes are those that a snapshot need not store, because the one below it does.
func sharedBytes(s, below types.Snapshot) int64 {
	if below.SnapshotId == nil || aws.ToString(s.KmsKeyId) != aws.ToString(below.KmsKeyId) {
		return 0
	}
	return min(aws.ToInt64(s.FullSnapshotSizeInBytes), aws.ToInt64(below.FullSnapshotSizeInBytes))
}

func disks(image types.Image) map[string]string {
	out := map[string]string{}
	for _, m := range image.BlockDeviceMappings {
		if m.Ebs != nil && aws.ToString(m.Ebs.SnapshotId) != "" {
			out[aws.ToString(m.DeviceName)] = *m.Ebs.SnapshotId
		}
	}
	return out
}

// describe looks by filter: an id that does not exist any more ends no look then.
func describe(ctx context.Context, api SnapshotsAPI, ids []string) (map[string]types.Snapshot, error) {
	slices.Sort(ids)
	pages := ec2.NewDescribeSnapshotsPaginator(api, &ec2.DescribeSnapshotsInput{
		Filters: []types.Filter{{Name: aws.String("snapshot-id"), Values: slices.Compact(ids)}},
	})
	found := map[string]types.Snapshot{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("look at snapshots: %w", err)
		}
		for _, s := range page.Snapshots {
			found[aws.ToString(s.SnapshotId)] = s
		}
	}
	return found, nil
}
