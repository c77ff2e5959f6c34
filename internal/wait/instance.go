package wait

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// instanceWait is what a wait for an instance keeps besides its waiter.
type instanceWait struct {
	*waiter
	want   types.InstanceStateName
	result types.Instance
}

func newInstanceWait(region, id string, want types.InstanceStateName, deadline time.Duration) *instanceWait {
	w := &instanceWait{waiter: newWaiter(region, id, deadline, 0), want: want}
	w.instance = w
	return w
}

func lookAtInstances(ctx context.Context, api API, waits []*waiter) sight {
	found := map[string]types.Instance{}
	in := &ec2.DescribeInstancesInput{Filters: []types.Filter{{Name: aws.String("instance-id"), Values: idsOf(waits)}}}
	for {
		out, err := api.DescribeInstances(ctx, in)
		if err != nil {
			return sight{err: err}
		}
		for _, group := range out.Reservations {
			for _, i := range group.Instances {
				found[aws.ToString(i.InstanceId)] = i
			}
		}
		if aws.ToString(out.NextToken) == "" {
			break
		}
		in.NextToken = out.NextToken
	}
	for _, w := range waits {
		if i, ok := found[w.id]; ok {
			w.instance.saw(i)
		} else {
			w.instance.unseen()
		}
	}
	return sight{}
}

// unseen: a terminated instance is shown for about an hour and then no more.
func (w *instanceWait) unseen() {
	gone := w.hidden()
	switch {
	case gone == nil:
	case w.want == types.InstanceStateNameTerminated:
		w.result = types.Instance{InstanceId: &w.id, State: &types.InstanceState{Name: types.InstanceStateNameTerminated}}
		w.finish(nil)
	default:
		w.finish(gone)
	}
}

func (w *instanceWait) saw(i types.Instance) {
	if i.State == nil {
		return
	}
	state := i.State.Name
	w.visible(string(state))
	switch {
	case state == w.want, state == types.InstanceStateNameTerminated && w.want == types.InstanceStateNameShuttingDown:
		w.result = i
		w.finish(nil)
	case state == types.InstanceStateNameTerminated, state == types.InstanceStateNameShuttingDown:
		if w.want != types.InstanceStateNameTerminated {
			w.fail(string(state), reasonOf(i))
		}
	}
}

// reasonOf gives the reason of a change of state. The older text field holds
// what a person did, such as "User initiated".
func reasonOf(i types.Instance) *types.StateReason {
	if i.StateReason != nil && aws.ToString(i.StateReason.Code) != "" {
		return i.StateReason
	}
	if text := aws.ToString(i.StateTransitionReason); text != "" {
		return &types.StateReason{Message: &text}
	}
	return nil
}
