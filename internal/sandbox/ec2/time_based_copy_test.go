package ec2_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func (c *cloud) bigSnapshot(gib int32) string {
	c.t.Helper()
	volume, err := c.home.CreateVolume(c.t.Context(), &ec2.CreateVolumeInput{AvailabilityZone: aws.String(here + "a"), Size: aws.Int32(gib)})
	made, err := c.home.CreateSnapshot(c.t.Context(), &ec2.CreateSnapshotInput{VolumeId: must(c.t, volume, err).VolumeId})
	return *must(c.t, made, err).SnapshotId
}

func (c *cloud) copyInMinutes(snapshot string, minutes int32) (string, error) {
	out, err := c.abroad.CopySnapshot(c.t.Context(), &ec2.CopySnapshotInput{
		SourceRegion: aws.String(here), SourceSnapshotId: &snapshot, CompletionDurationMinutes: aws.Int32(minutes),
	})
	if err != nil {
		return "", err
	}
	return *out.SnapshotId, nil
}

func TestTimeBasedCopiesShareAThroughput(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{CopyRate: 10}) // a standard copy of 400 GiB takes 11 h 23 min
	snapshot := c.bigSnapshot(400)
	state := func(id string) types.SnapshotState { return c.snapshot(c.abroad, id).State }

	quick, err := c.copyInMinutes(snapshot, 15) // 455 MiB/s
	must(t, quick, err)
	if got := c.snapshot(c.abroad, quick); got.TransferType != types.TransferTypeTimeBased || *got.CompletionDurationMinutes != 15 {
		t.Errorf("a time-based copy: %+v", got)
	}
	c.clock.Pass(15*time.Minute - time.Second)
	if got := state(quick); got != types.SnapshotStatePending {
		t.Errorf("a second before its time it is %s", got)
	}
	c.clock.Pass(time.Second)
	if got := state(quick); got != types.SnapshotStateCompleted {
		t.Errorf("after 15 minutes it is %s", got)
	}

	ids := make([]string, 5)
	for n := range ids { // four take 1820 of 2000 MiB/s, the fifth gets the rest
		ids[n], err = c.copyInMinutes(snapshot, 15)
		must(t, ids[n], err)
	}
	_, err = c.copyInMinutes(snapshot, 15)
	refused(t, err, badRequest, "ResourceLimitExceeded", "The snapshot copy throughput quota between us-east-1 and eu-west-1 is used up.")
	c.clock.Pass(15 * time.Minute)
	if state(ids[3]) != types.SnapshotStateCompleted || state(ids[4]) != types.SnapshotStatePending {
		t.Errorf("after 15 minutes: %s and %s", state(ids[3]), state(ids[4]))
	}
	c.clock.Pass(30 * time.Minute)
	if got := state(ids[4]); got != types.SnapshotStateCompleted {
		t.Errorf("the slower one is %s after 45 minutes", got)
	}
}
