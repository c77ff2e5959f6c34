package ebs

import (
	"context"

	awscommon "github.com/hashicorp/packer-plugin-amazon/common"
	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// stepGrantProfile finds or makes the instance profile.
//
// Writes: iamInstanceProfile. Cleans: the temporary profile, its role and policy,
// also where the making of them failed half way.
type stepGrantProfile struct{ *build }

func (s stepGrantProfile) Run(ctx context.Context, state multistep.StateBag) multistep.StepAction {
	c := s.cfg
	peer := &awscommon.StepIamInstanceProfile{
		PollingConfig: c.pace(), IamInstanceProfile: c.IamInstanceProfile,
		SkipProfileValidation: c.SkipProfileValidation, Tags: s.runTags(), Ctx: c.ctx,
	}
	peer.TemporaryIamInstanceProfilePolicyDocument = c.TemporaryIamInstanceProfilePolicyDocument
	return peer.Run(ctx, state)
}

func (s stepGrantProfile) Cleanup(multistep.StateBag) {
	s.remove(cloud.KindInstanceProfileRole, cloud.KindRolePolicy, cloud.KindRole, cloud.KindInstanceProfile)
}
