package iam_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func TestARoleIsReadBackAsItWasMade(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	policy := ok(t, c.CreatePolicy, iam.CreatePolicyInput{PolicyName: aws.String("fence"), PolicyDocument: aws.String(mayCopy)}).Policy.Arn
	ok(t, c.CreateRole, iam.CreateRoleInput{
		RoleName: aws.String("builder"), Path: aws.String("/ci/"), AssumeRolePolicyDocument: aws.String(ec2Trust), Description: aws.String("builds images"),
		MaxSessionDuration: aws.Int32(7200), PermissionsBoundary: policy, Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("images")}},
	})
	got := ok(t, c.GetRole, iam.GetRoleInput{RoleName: aws.String("builder")}).Role
	if *got.Arn != "arn:aws:iam::"+sandboxtest.Home+":role/ci/builder" || !strings.HasPrefix(*got.RoleId, "AROA") || len(*got.RoleId) != 21 ||
		*got.Description != "builds images" || *got.MaxSessionDuration != 7200 || *got.PermissionsBoundary.PermissionsBoundaryArn != *policy ||
		len(got.Tags) != 1 || *got.Tags[0].Value != "images" || got.RoleLastUsed.LastUsedDate != nil {
		t.Errorf("got %+v", got)
	}
	if trust, err := url.PathUnescape(*got.AssumeRolePolicyDocument); err != nil || trust != ec2Trust {
		t.Errorf("trust policy %q, %v", *got.AssumeRolePolicyDocument, err)
	}
	ok(t, c.UpdateRole, iam.UpdateRoleInput{RoleName: aws.String("builder"), Description: aws.String(""), MaxSessionDuration: aws.Int32(3600)})
	listed := ok(t, c.ListRoles, iam.ListRolesInput{PathPrefix: aws.String("/ci/")}).Roles
	if len(listed) != 1 || listed[0].Description != nil || *listed[0].MaxSessionDuration != 3600 || listed[0].PermissionsBoundary != nil {
		t.Errorf("listed %+v", listed)
	}
	if other := ok(t, c.ListRoles, iam.ListRolesInput{PathPrefix: aws.String("/other/")}).Roles; len(other) != 0 {
		t.Errorf("listed %+v", other)
	}
	ok(t, c.DeleteRolePermissionsBoundary, iam.DeleteRolePermissionsBoundaryInput{RoleName: aws.String("builder")})
	if got := ok(t, c.GetRole, iam.GetRoleInput{RoleName: aws.String("builder")}).Role; got.PermissionsBoundary != nil {
		t.Errorf("the boundary is still there: %+v", got.PermissionsBoundary)
	}
}

func TestNamesArePickedApart(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	newRole(t, c, "builder")
	role := func(change func(*iam.CreateRoleInput)) iam.CreateRoleInput {
		in := iam.CreateRoleInput{RoleName: aws.String("new"), AssumeRolePolicyDocument: aws.String(ec2Trust)}
		change(&in)
		return in
	}
	for name, tc := range map[string]struct {
		in      iam.CreateRoleInput
		status  int
		code    string
		message string
	}{
		"taken":       {role(func(in *iam.CreateRoleInput) { in.RoleName = aws.String("Builder") }), 409, "EntityAlreadyExists", "Role with name Builder already exists."},
		"characters":  {role(func(in *iam.CreateRoleInput) { in.RoleName = aws.String("a b") }), 400, "ValidationError", "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"},
		"no boundary": {role(func(in *iam.CreateRoleInput) { in.PermissionsBoundary = aws.String("arn:aws:iam::aws:policy/None") }), 404, "NoSuchEntity", "Scope ARN: arn:aws:iam::aws:policy/None does not exist or is not attachable."},
		"twice a tag": {role(func(in *iam.CreateRoleInput) {
			in.Tags = []types.Tag{{Key: aws.String("a"), Value: aws.String("")}, {Key: aws.String("A"), Value: aws.String("")}}
		}), 400, "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		"no json":    {role(func(in *iam.CreateRoleInput) { in.AssumeRolePolicyDocument = aws.String("{") }), 400, "MalformedPolicyDocument", "This policy contains invalid Json"},
		"no version": {role(func(in *iam.CreateRoleInput) { in.AssumeRolePolicyDocument = aws.String(`{"Version":"1999"}`) }), 400, "MalformedPolicyDocument", "Syntax errors in policy."},
		"a resource": {role(func(in *iam.CreateRoleInput) { in.AssumeRolePolicyDocument = aws.String(mayCopy) }), 400, "MalformedPolicyDocument", "Has prohibited field Resource"},
		"no principal": {role(func(in *iam.CreateRoleInput) {
			in.AssumeRolePolicyDocument = aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::111122223333:user/ghost"}}}`)
		}), 400, "MalformedPolicyDocument", `Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/ghost"`},
		"other actions": {role(func(in *iam.CreateRoleInput) {
			in.AssumeRolePolicyDocument = aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ec2:*","Principal":"*"}}`)
		}), 400, "MalformedPolicyDocument", "AssumeRole policy may only specify STS AssumeRole actions."},
		"too long": {role(func(in *iam.CreateRoleInput) {
			in.AssumeRolePolicyDocument = aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*","Condition":{"StringEquals":{"sts:ExternalId":"` + strings.Repeat("x", 2000) + `"}}}}`)
		}), 409, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused(t, c.CreateRole, tc.in, tc.status, tc.code, tc.message)
		})
	}
	refused(t, c.GetRole, iam.GetRoleInput{RoleName: aws.String("none")}, 404, "NoSuchEntity", "The role with name none cannot be found.")
	refused(t, c.GetUser, iam.GetUserInput{UserName: aws.String("none")}, 404, "NoSuchEntity", "The user with name none cannot be found.")
	refused(t, c.GetInstanceProfile, iam.GetInstanceProfileInput{InstanceProfileName: aws.String("none")}, 404, "NoSuchEntity", "Instance Profile none cannot be found.")
}

// What is deleted must be empty, as amazon-ebs learns when it cleans up.
func TestDeletionsWaitForWhatHangsOnThem(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	role, profile := newRole(t, c, "builder"), aws.String("builder")
	ok(t, c.CreateInstanceProfile, iam.CreateInstanceProfileInput{InstanceProfileName: profile})
	ok(t, c.AddRoleToInstanceProfile, iam.AddRoleToInstanceProfileInput{InstanceProfileName: profile, RoleName: role})
	refused(t, c.AddRoleToInstanceProfile, iam.AddRoleToInstanceProfileInput{InstanceProfileName: profile, RoleName: role},
		409, "LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
	ok(t, c.PutRolePolicy, iam.PutRolePolicyInput{RoleName: role, PolicyName: aws.String("copy"), PolicyDocument: aws.String(mayCopy)})
	ok(t, c.AttachRolePolicy, iam.AttachRolePolicyInput{RoleName: role, PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")})
	if of := ok(t, c.ListInstanceProfilesForRole, iam.ListInstanceProfilesForRoleInput{RoleName: role}).InstanceProfiles; len(of) != 1 || len(of[0].Roles) != 1 || *of[0].Roles[0].RoleName != "builder" {
		t.Errorf("profiles of the role: %+v", of)
	}
	del := iam.DeleteRoleInput{RoleName: role}
	const inProfile = "Cannot delete entity, must remove roles from instance profile first."
	refused(t, c.DeleteRole, del, 409, "DeleteConflict", inProfile)
	refused(t, c.DeleteInstanceProfile, iam.DeleteInstanceProfileInput{InstanceProfileName: profile}, 409, "DeleteConflict", inProfile)
	ok(t, c.RemoveRoleFromInstanceProfile, iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: profile, RoleName: role})
	refused(t, c.DeleteRole, del, 409, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	ok(t, c.DetachRolePolicy, iam.DetachRolePolicyInput{RoleName: role, PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")})
	refused(t, c.DeleteRole, del, 409, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	ok(t, c.DeleteRolePolicy, iam.DeleteRolePolicyInput{RoleName: role, PolicyName: aws.String("copy")})
	ok(t, c.DeleteRole, del)
	ok(t, c.DeleteInstanceProfile, iam.DeleteInstanceProfileInput{InstanceProfileName: profile})
	if left := ok(t, c.ListInstanceProfiles, iam.ListInstanceProfilesInput{}).InstanceProfiles; len(left) != 0 {
		t.Errorf("left: %+v", left)
	}
}

func TestUsersAndTheirKeys(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	if me := ok(t, c.GetUser, iam.GetUserInput{}).User; *me.UserName != "sandbox" || !strings.HasPrefix(*me.UserId, "AIDA") {
		t.Errorf("the endpoint's own user: %+v", me)
	}
	name := aws.String("ci")
	user := ok(t, c.CreateUser, iam.CreateUserInput{UserName: name, Path: aws.String("/bots/")}).User
	refused(t, c.CreateUser, iam.CreateUserInput{UserName: name}, 409, "EntityAlreadyExists", "User with name ci already exists.")
	key := ok(t, c.CreateAccessKey, iam.CreateAccessKeyInput{UserName: name}).AccessKey
	ok(t, c.CreateAccessKey, iam.CreateAccessKeyInput{UserName: name})
	refused(t, c.CreateAccessKey, iam.CreateAccessKeyInput{UserName: name}, 409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	cfg := s.Config(sandboxtest.Home, "us-east-1")
	cfg.Credentials = credentials.NewStaticCredentialsProvider(*key.AccessKeyId, *key.SecretAccessKey, "")
	ci := sts.NewFromConfig(cfg)
	who, err := ci.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || *who.Arn != *user.Arn || *who.Arn != "arn:aws:iam::"+sandboxtest.Home+":user/bots/ci" {
		t.Errorf("the new key is %+v, %v", who, err)
	}
	ok(t, c.UpdateAccessKey, iam.UpdateAccessKeyInput{UserName: name, AccessKeyId: key.AccessKeyId, Status: types.StatusTypeInactive})
	_, err = ci.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	wantRefused(t, err, 403, "InvalidClientTokenId", "The security token included in the request is invalid.")
	refused(t, c.DeleteUser, iam.DeleteUserInput{UserName: name}, 409, "DeleteConflict", "Cannot delete entity, must delete access keys first.")
	for _, k := range ok(t, c.ListAccessKeys, iam.ListAccessKeysInput{UserName: name}).AccessKeyMetadata {
		ok(t, c.DeleteAccessKey, iam.DeleteAccessKeyInput{UserName: name, AccessKeyId: k.AccessKeyId})
	}
	refused(t, c.DeleteAccessKey, iam.DeleteAccessKeyInput{UserName: name, AccessKeyId: key.AccessKeyId}, 404, "NoSuchEntity", "The Access Key with id "+*key.AccessKeyId+" cannot be found.")
	ok(t, c.DeleteUser, iam.DeleteUserInput{UserName: name})
}

func TestListsOfRolesPage(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	for n := range 5 {
		newRole(t, c, fmt.Sprintf("r%d", n))
	}
	var seen []string
	pages := iam.NewListRolesPaginator(c, &iam.ListRolesInput{MaxItems: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Roles {
			seen = append(seen, *r.RoleName)
		}
		// What is deleted between two pages hides no other.
		ok(t, c.DeleteRole, iam.DeleteRoleInput{RoleName: page.Roles[0].RoleName})
	}
	if strings.Join(seen, " ") != "r0 r1 r2 r3 r4" {
		t.Errorf("seen %v", seen)
	}
}

func TestTimesAreToTheSecond(t *testing.T) {
	t.Parallel()
	clock := sandboxtest.NewClock()
	clock.Pass(123 * time.Millisecond)
	e := sandboxtest.Start(t, sandbox.Options{Clock: clock})
	c := e.IAM(sandboxtest.Home)
	newRole(t, c, "r")
	if got := ok(t, c.GetRole, iam.GetRoleInput{RoleName: aws.String("r")}).Role.CreateDate; !got.Equal(clock.Now().Add(-123 * time.Millisecond)) {
		t.Errorf("created %v", got)
	}
}
