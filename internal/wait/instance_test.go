package wait

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func in(state types.InstanceStateName) types.Instance {
	return types.Instance{State: &types.InstanceState{Name: state}}
}

func TestInstance(t *testing.T) {
	t.Parallel()
	const running, pending, stopped, stopping, ended, ending = types.InstanceStateNameRunning, types.InstanceStateNamePending,
		types.InstanceStateNameStopped, types.InstanceStateNameStopping, types.InstanceStateNameTerminated, types.InstanceStateNameShuttingDown
	died := func(code, message string) types.Instance {
		i := in(ended)
		if code != "" {
			i.StateReason = &types.StateReason{Code: &code, Message: &message}
		} else {
			i.StateTransitionReason = aws.String(message)
		}
		return i
	}
	for name, tc := range map[string]struct {
		want    types.InstanceStateName
		first   types.Instance // up to 10 s, from the fifth on
		second  types.Instance
		failure string
	}{
		"runs":                 {running, in(pending), in(running), ""},
		"starts again":         {running, in(stopped), in(running), ""},
		"stops":                {stopped, in(stopping), in(stopped), ""},
		"ends":                 {ended, in(ending), in(ended), ""},
		"is ending, has ended": {ending, in(running), in(ended), ""},
		"dies at launch": {
			running, in(pending), died("Client.InternalError", "Client.InternalError: Client error on launch"),
			"i-1 in eu-west-1 is terminated: Client.InternalError: Client error on launch",
		},
		"is lost while stopping": {
			stopped, in(stopping), died("Server.SpotInstanceTermination", "Spot interruption"),
			"i-1 in eu-west-1 is terminated: Server.SpotInstanceTermination: Spot interruption",
		},
		"is ended by a person": {running, in(pending), died("", "User initiated"), "i-1 in eu-west-1 is terminated: User initiated"},
		"ends for no reason":   {running, in(pending), in(ending), "i-1 in eu-west-1 is shutting-down, and EC2 gives no reason"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				f.instances["i-1"] = func(after time.Duration) (types.Instance, bool) {
					if after < 10*time.Second {
						return tc.first, after > 5*time.Second
					}
					return tc.second, true
				}
				got, err := f.poller().Instance(t.Context(), "eu-west-1", "i-1", tc.want, time.Hour)
				if tc.failure == "" {
					if err != nil || aws.ToString(got.InstanceId) != "i-1" {
						t.Errorf("%v, %v", got.InstanceId, err)
					}
				} else if err == nil || err.Error() != tc.failure {
					t.Errorf("got  %v\nwant %s", err, tc.failure)
				}
				if after := time.Since(f.begun); after < 10*time.Second || after > 12*time.Second {
					t.Errorf("after %s", after)
				}
			})
		})
	}
}

func TestInstanceThatIsNoLongerShownHasEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		got, err := f.poller().Instance(t.Context(), "eu-west-1", "i-1", types.InstanceStateNameTerminated, 0)
		if err != nil || got.State == nil || got.State.Name != types.InstanceStateNameTerminated {
			t.Errorf("%v, %v", got, err)
		}
		_, err = f.poller().Instance(t.Context(), "eu-west-1", "i-1", types.InstanceStateNameRunning, 0)
		var missing *NotVisibleError
		if !errors.As(err, &missing) {
			t.Errorf("%v", err)
		}
	})
}

func TestInstancesAndImagesShareALoopAndPages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.images["ami-1"] = availableAfter(30 * time.Second)
		p := f.poller()
		var all sync.WaitGroup
		for _, id := range []string{"i-1", "i-2", "i-3"} { // one per page
			f.instances[id] = func(after time.Duration) (types.Instance, bool) {
				if after < 30*time.Second {
					return in(types.InstanceStateNamePending), true
				}
				return in(types.InstanceStateNameRunning), true
			}
		}
		for id := range f.instances {
			all.Go(func() {
				if got, err := p.Instance(t.Context(), "eu-west-1", id, types.InstanceStateNameRunning, 32*time.Second); err != nil || *got.InstanceId != id {
					t.Errorf("%v, %v", got.InstanceId, err)
				}
			})
		}
		all.Go(func() {
			if _, err := p.Image(t.Context(), "eu-west-1", "ami-1", ImageOptions{Deadline: time.Minute}); err != nil {
				t.Error(err)
			}
		})
		all.Wait()
	})
}
