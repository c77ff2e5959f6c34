package ebs

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

const defaultStopTimeout = 20 * time.Minute

// stepStopInstance stops the instance, so that what is on its disks is whole. A
// one-time Spot instance cannot be stopped: EC2 reboots it while the image is taken,
// and the user is told.
//
// Reads: instance_id.
type stepStopInstance struct{ *build }

func (s stepStopInstance) Run(ctx context.Context, state multistep.StateBag) multistep.StepAction {
	id, _ := state.Get("instance_id").(string)
	if s.cfg.IsSpotInstance() {
		s.say("%s is a Spot instance and cannot be stopped: EC2 shuts its system down and starts it again while the image is taken", id)
		return multistep.ActionContinue
	}
	limit := s.cfg.stopTimeout
	if limit == 0 {
		limit = s.cfg.limitOr(defaultStopTimeout)
	}
	if s.cfg.DisableStopInstance {
		s.say("Waiting up to %s for %s to stop by itself (disable_stop_instance)", limit, id)
	} else {
		s.say("Stopping %s", id)
		err := patiently(ctx, time.Minute, cloud.IsPending, func(ctx context.Context) error {
			_, err := s.clients.EC2("").StopInstances(ctx, &ec2.StopInstancesInput{InstanceIds: []string{id}})
			return err
		})
		if err != nil {
			return s.halt("stop %s: %w", id, err)
		}
	}
	began := time.Now()
	if _, err := s.poller.Instance(ctx, s.region(), id, types.InstanceStateNameStopped, limit); err != nil {
		return s.halt("wait for %s to stop (stop_timeout is %s): %w", id, limit, err)
	}
	s.say("%s stopped after %s", id, time.Since(began).Round(time.Second))
	return multistep.ActionContinue
}

func (stepStopInstance) Cleanup(multistep.StateBag) {}
