package wait

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func TestFailedStatesEndAtOnceWithReasons(t *testing.T) {
	t.Parallel()
	for _, state := range []types.ImageState{
		types.ImageStateFailed, types.ImageStateError, types.ImageStateInvalid, types.ImageStateDeregistered, types.ImageStateDisabled,
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			f.images["ami-1"] = func(after time.Duration) (types.Image, bool) {
				if after < 5*time.Second {
					return image(types.ImageStatePending, "snap-1", "snap-2"), true
				}
				// A failed copy has lost its name and devices.
				return types.Image{State: state, StateReason: &types.StateReason{Code: aws.String("Client.InternalError"), Message: aws.String("Copy image failed with an internal error")}}, true
			}
			f.snapshots["snap-1"] = func(time.Duration) types.Snapshot {
				return types.Snapshot{State: types.SnapshotStateError, StateMessage: aws.String("Given key ID is not accessible")}
			}
			f.snapshots["snap-2"] = func(time.Duration) types.Snapshot { return types.Snapshot{State: types.SnapshotStateCompleted} }
			_, err := f.poller().Image(t.Context(), "eu-west-1", "ami-1", ImageOptions{})
			var failed *FailedError
			if !errors.As(err, &failed) || failed.State != string(state) || failed.ReasonCode != "Client.InternalError" {
				t.Fatalf("%v", err)
			}
			want := "ami-1 in eu-west-1 is " + string(state) + ": Client.InternalError: Copy image failed with an internal error; snapshot snap-1: Given key ID is not accessible"
			if err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if after := time.Since(f.begun); after > 7*time.Second {
				t.Errorf("noticed after %s", after)
			}
		})
	}
}

func TestInvisible(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		play  scene
		fails bool
		seen  bool
	}{
		"shown after four minutes": {play: func(after time.Duration) (types.Image, bool) {
			return image(types.ImageStateAvailable, "snap-1"), after > 4*time.Minute
		}},
		"never shown": {play: func(time.Duration) (types.Image, bool) { return types.Image{}, false }, fails: true},
		"comes and goes": {play: func(after time.Duration) (types.Image, bool) {
			state := types.ImageStatePending
			if after > 20*time.Minute {
				state = types.ImageStateAvailable
			}
			return image(state, "snap-1"), after/time.Minute%4 == 0
		}},
		"deleted meanwhile": {play: func(after time.Duration) (types.Image, bool) {
			return image(types.ImageStatePending, "snap-1"), after < time.Hour
		}, fails: true, seen: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				f.images["ami-1"] = tc.play
				_, err := f.poller().Image(t.Context(), "eu-west-1", "ami-1", ImageOptions{})
				var missing *NotVisibleError
				if errors.As(err, &missing) != tc.fails || (tc.fails && missing.Seen != tc.seen) || (!tc.fails && err != nil) {
					t.Errorf("%v", err)
				}
				if tc.fails && (missing.For < 5*time.Minute || missing.For > 6*time.Minute) {
					t.Errorf("given up after %s", missing.For)
				}
			})
		})
	}
}

func TestAvailableIsBelievedOnlyWhole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.images["ami-1"] = func(after time.Duration) (types.Image, bool) {
			switch {
			case after < 3*time.Second: // no devices yet
				return image(types.ImageStateAvailable), true
			case after < 6*time.Second: // flaps
				return types.Image{}, false
			case after < 9*time.Second:
				i := image(types.ImageStateAvailable, "snap-1")
				i.Name = nil
				return i, true
			case after < 12*time.Second: // a second volume without its snapshot
				i := image(types.ImageStateAvailable, "snap-1", "")
				return i, true
			}
			return image(types.ImageStateAvailable, "snap-1", "snap-2"), true
		}
		got, err := f.poller().Image(t.Context(), "eu-west-1", "ami-1", ImageOptions{})
		if err != nil || len(got.BlockDeviceMappings) != 2 || time.Since(f.begun) < 12*time.Second {
			t.Errorf("%v, %v after %s", got.BlockDeviceMappings, err, time.Since(f.begun))
		}
	})
}

func TestEmptyVolumesHaveNoSnapshotForGood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.images["ami-1"] = func(time.Duration) (types.Image, bool) { return image(types.ImageStateAvailable, "snap-1", ""), true }
		if _, err := f.poller().Image(t.Context(), "eu-west-1", "ami-1", ImageOptions{Deadline: time.Hour}); err != nil {
			t.Error(err)
		}
		if after := time.Since(f.begun); after < settleTime || after > settleTime+2*time.Second {
			t.Errorf("after %s", after)
		}
	})
}

func TestProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.images["ami-1"] = func(after time.Duration) (types.Image, bool) {
			if after < 100*time.Second {
				return image(types.ImageStatePending, "snap-1", "snap-2"), true
			}
			return image(types.ImageStateAvailable, "snap-1", "snap-2"), true
		}
		f.snapshots["snap-1"] = func(after time.Duration) types.Snapshot { // 30 GiB, linear
			return types.Snapshot{VolumeSize: aws.Int32(30), Progress: aws.String(fmt.Sprintf("%d%%", int(after.Seconds())))}
		}
		f.snapshots["snap-2"] = func(after time.Duration) types.Snapshot { // 10 GiB, garbage then done
			if after < 50*time.Second {
				return types.Snapshot{VolumeSize: aws.Int32(10), Progress: aws.String("?")}
			}
			return types.Snapshot{VolumeSize: aws.Int32(10), State: types.SnapshotStateCompleted}
		}
		var seen []int
		_, err := f.poller().Image(t.Context(), "eu-west-1", "ami-1", ImageOptions{Progress: func(percent int, elapsed time.Duration) {
			seen = append(seen, percent)
			low, high := 0.75*elapsed.Seconds()-2, 0.75*elapsed.Seconds()+26 // without and with the second volume's quarter
			if percent < 99 && (float64(percent) < low || float64(percent) > high) {
				t.Errorf("%d%% after %s, want %.0f to %.0f", percent, elapsed, low, high)
			}
		}})
		if err != nil || len(seen) < 50 || seen[0] != 0 || seen[len(seen)-1] != 100 {
			t.Errorf("%v, %v", seen, err)
		}
		if !slices.IsSorted(seen) || len(slices.Compact(slices.Clone(seen))) != len(seen) {
			t.Errorf("%v does not grow at each step", seen)
		}
	})
}
