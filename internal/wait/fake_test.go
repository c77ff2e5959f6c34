package wait

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scene is what EC2 shows of one thing at a time after the start; false: nothing.
type scene func(after time.Duration) (types.Image, bool)

// fakeEC2 plays scenes in the test's own time. It refuses calls that name ids
// outside a filter, and filters that EC2 would refuse.
type fakeEC2 struct {
	t         *testing.T
	begun     time.Time
	latency   time.Duration
	images    map[string]scene
	instances map[string]func(time.Duration) (types.Instance, bool)
	snapshots map[string]func(time.Duration) types.Snapshot
	trouble   func(call string, after time.Duration) error

	mu    sync.Mutex
	looks map[string][]time.Duration // per call
	asked map[string]int             // ids in the last call

	abandoned int // calls that the caller gave up
}

func newFake(t *testing.T) *fakeEC2 {
	t.Helper()
	return &fakeEC2{
		t: t, begun: time.Now(), images: map[string]scene{},
		instances: map[string]func(time.Duration) (types.Instance, bool){}, snapshots: map[string]func(time.Duration) types.Snapshot{},
		looks: map[string][]time.Duration{}, asked: map[string]int{},
	}
}

func (f *fakeEC2) poller() *Poller {
	p := NewPoller(func(string) API { return f })
	f.t.Cleanup(p.Close)
	return p
}

func (f *fakeEC2) count(call string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.looks[call])
}

// see checks a call and says at what time it sees the scenes.
func (f *fakeEC2) see(ctx context.Context, call, filter string, filters []types.Filter) ([]string, time.Duration, error) {
	if len(filters) != 1 || aws.ToString(filters[0].Name) != filter {
		f.t.Errorf("%s without the one filter %s", call, filter)
		return nil, 0, errors.New("bad filter")
	}
	ids := filters[0].Values
	sorted := slices.Clone(ids)
	slices.Sort(sorted)
	if len(ids) == 0 || len(ids) > 200 || len(slices.Compact(sorted)) != len(ids) {
		f.t.Errorf("%s with %d values: 1 to 200 different ones are allowed", call, len(ids))
	}
	after := time.Since(f.begun)
	f.mu.Lock()
	f.looks[call] = append(f.looks[call], after)
	f.asked[call] = len(ids)
	f.mu.Unlock()
	if f.latency > 0 {
		timer := time.NewTimer(f.latency)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			f.mu.Lock()
			f.abandoned++
			f.mu.Unlock()
			return nil, 0, ctx.Err()
		}
	}
	if f.trouble != nil {
		if err := f.trouble(call, after); err != nil {
			return nil, 0, err
		}
	}
	return ids, after, nil
}

func (f *fakeEC2) DescribeImages(ctx context.Context, in *ec2.DescribeImagesInput, _ ...func(*ec2.Options)) (*ec2.DescribeImagesOutput, error) {
	if len(in.ImageIds) != 0 {
		f.t.Error("ImageIds fails for all when one is not visible")
	}
	ids, after, err := f.see(ctx, "DescribeImages", "image-id", in.Filters)
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeImagesOutput{}
	for _, id := range ids {
		if play := f.images[id]; play != nil {
			if image, ok := play(after); ok {
				image.ImageId = &id
				out.Images = append(out.Images, image)
			}
		}
	}
	return out, nil
}

func (f *fakeEC2) DescribeSnapshots(ctx context.Context, in *ec2.DescribeSnapshotsInput, _ ...func(*ec2.Options)) (*ec2.DescribeSnapshotsOutput, error) {
	ids, after, err := f.see(ctx, "DescribeSnapshots", "snapshot-id", in.Filters)
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeSnapshotsOutput{}
	for _, id := range ids {
		if play := f.snapshots[id]; play != nil {
			s := play(after)
			s.SnapshotId = &id
			out.Snapshots = append(out.Snapshots, s)
		}
	}
	return out, nil
}

// DescribeInstances answers one instance per page.
func (f *fakeEC2) DescribeInstances(ctx context.Context, in *ec2.DescribeInstancesInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	ids, after, err := f.see(ctx, "DescribeInstances", "instance-id", in.Filters)
	if err != nil {
		return nil, err
	}
	page := 0
	if in.NextToken != nil {
		if _, err := fmt.Sscan(*in.NextToken, &page); err != nil {
			return nil, err
		}
	}
	out := &ec2.DescribeInstancesOutput{}
	if page < len(ids)-1 {
		out.NextToken = aws.String(strconv.Itoa(page + 1))
	}
	if play := f.instances[ids[page]]; play != nil {
		if i, ok := play(after); ok {
			i.InstanceId = &ids[page]
			out.Reservations = []types.Reservation{{Instances: []types.Instance{i}}}
		}
	}
	return out, nil
}

func image(state types.ImageState, snapshots ...string) types.Image {
	i := types.Image{State: state, Name: aws.String("n"), RootDeviceType: types.DeviceTypeEbs, RootDeviceName: aws.String("/dev/sda0")}
	for n, id := range snapshots {
		i.BlockDeviceMappings = append(i.BlockDeviceMappings, types.BlockDeviceMapping{
			DeviceName: aws.String(fmt.Sprintf("/dev/sda%d", n)), Ebs: &types.EbsBlockDevice{SnapshotId: aws.String(id)},
		})
	}
	return i
}

// availableAfter is pending until then.
func availableAfter(d time.Duration) scene {
	return func(after time.Duration) (types.Image, bool) {
		if after < d {
			return image(types.ImageStatePending, "snap-1"), true
		}
		return image(types.ImageStateAvailable, "snap-1"), true
	}
}

func awsError(code string) error {
	return &smithy.OperationError{ServiceID: "EC2", OperationName: "DescribeImages", Err: &smithy.GenericAPIError{Code: code, Message: code}}
}
