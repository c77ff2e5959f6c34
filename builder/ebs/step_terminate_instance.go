package ebs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// stepTerminateInstance ends the instance as soon as its image is available: copies
// take hours, and a Spot instance runs on meanwhile. What belongs to the instance is
// removed at the end of the build, when EC2 lets go of it.
//
// Reads: instance_id.
type stepTerminateInstance struct{ *build }

func (s stepTerminateInstance) Run(ctx context.Context, state multistep.StateBag) multistep.StepAction {
	id, _ := state.Get("instance_id").(string)
	s.say("Terminating %s", id)
	_, err := s.clients.EC2("").TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{id}})
	if err != nil && !cloud.IsNotFound(err) {
		// The image is good; the end of the build tries again, with more patience.
		s.say("Warning: %s could not be terminated yet: %s", id, cloud.Explain(err))
	}
	return multistep.ActionContinue
}

func (stepTerminateInstance) Cleanup(multistep.StateBag) {}
