package cloud

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go/middleware"
)

// adoptRole takes a role that is as young as the call and has the path that was
// asked for.
func adoptRole(ctx context.Context, l lost) (middleware.InitializeOutput, middleware.Metadata, error) {
	in, ok := l.in.Parameters.(*iam.CreateRoleInput)
	if !ok {
		return l.giveUp(nil)
	}
	found, err := l.clients.IAM().GetRole(ctx, &iam.GetRoleInput{RoleName: in.RoleName})
	if err != nil {
		return l.giveUp(err)
	}
	role := found.Role
	if role == nil || role.CreateDate == nil || !l.bornIn(*role.CreateDate) || aws.ToString(role.Path) != pathOr(in.Path) {
		return l.giveUp(nil)
	}
	l.out.Result = &iam.CreateRoleOutput{Role: role}
	return l.out, l.meta, nil
}

// adoptInstanceProfile takes a profile that is as young as the call, has the path
// that was asked for and holds no role yet.
func adoptInstanceProfile(ctx context.Context, l lost) (middleware.InitializeOutput, middleware.Metadata, error) {
	in, ok := l.in.Parameters.(*iam.CreateInstanceProfileInput)
	if !ok {
		return l.giveUp(nil)
	}
	found, err := l.clients.IAM().GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: in.InstanceProfileName})
	if err != nil {
		return l.giveUp(err)
	}
	profile := found.InstanceProfile
	if profile == nil || profile.CreateDate == nil || !l.bornIn(*profile.CreateDate) ||
		len(profile.Roles) != 0 || aws.ToString(profile.Path) != pathOr(in.Path) {
		return l.giveUp(nil)
	}
	l.out.Result = &iam.CreateInstanceProfileOutput{InstanceProfile: profile}
	return l.out, l.meta, nil
}

// adoptMembership: a profile holds one role, so that the repeated call fails with
// LimitExceeded although its own first attempt is why.
func adoptMembership(ctx context.Context, l lost) (middleware.InitializeOutput, middleware.Metadata, error) {
	in, ok := l.in.Parameters.(*iam.AddRoleToInstanceProfileInput)
	if !ok {
		return l.giveUp(nil)
	}
	found, err := l.clients.IAM().GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: in.InstanceProfileName})
	if err != nil {
		return l.giveUp(err)
	}
	member := found.InstanceProfile != nil && slices.ContainsFunc(found.InstanceProfile.Roles, func(r types.Role) bool {
		return aws.ToString(r.RoleName) == aws.ToString(in.RoleName)
	})
	if !member {
		return l.giveUp(nil)
	}
	l.out.Result = &iam.AddRoleToInstanceProfileOutput{}
	return l.out, l.meta, nil
}

func pathOr(path *string) string {
	if path == nil {
		return "/"
	}
	return *path
}
