package iam_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func TestInlinePoliciesOfUsers(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	me := ok(t, c.CreateUser, iam.CreateUserInput{UserName: aws.String("copier")}).User.UserName
	put := func(name, document string) iam.PutUserPolicyInput {
		return iam.PutUserPolicyInput{UserName: me, PolicyName: aws.String(name), PolicyDocument: aws.String(document)}
	}
	ok(t, c.PutUserPolicy, put("copy", mayCopy))
	ok(t, c.PutUserPolicy, put("a", mayCopy))
	if names := ok(t, c.ListUserPolicies, iam.ListUserPoliciesInput{UserName: me}).PolicyNames; strings.Join(names, " ") != "a copy" {
		t.Errorf("names %v", names)
	}
	got := ok(t, c.GetUserPolicy, iam.GetUserPolicyInput{UserName: me, PolicyName: aws.String("copy")})
	if text, err := url.PathUnescape(*got.PolicyDocument); err != nil || text != mayCopy {
		t.Errorf("document %q, %v", *got.PolicyDocument, err)
	}
	for document, message := range map[string]string{
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*"}]}`:                                                                             "Policy statement must contain resources.",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*"}]}`:                                                                               "Policy statement must contain actions.",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"CopyImage","Resource":"*"}]}`:                                                          "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"ami-1"}]}`:                                                          `Resource ami-1 must be in ARN format or "*".`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"ec2:*","Resource":"*"}]}`:                                              "Policy document should not specify a principal.",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*","Resources":["x"]}]}`:                                            "Syntax errors in policy.",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Action":"ec2:*","Resource":"*"}]}`:                                                              "Syntax errors in policy.",
		`{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Deny","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Deny","Action":"*","Resource":"*"}]}`: "Statement IDs (SID) in a single policy must be unique.",
	} {
		refused(t, c.PutUserPolicy, put("bad", document), 400, "MalformedPolicyDocument", message)
	}
	// White space is free, the rest is counted over all policies of the user.
	ok(t, c.PutUserPolicy, put("a", strings.Repeat(" ", 3000)+mayCopy))
	long := strings.Replace(mayCopy, "ec2:CopyImage", "ec2:"+strings.Repeat("x", 1900), 1)
	refused(t, c.PutUserPolicy, put("long", long), 409, "LimitExceeded", "Maximum policy size of 2048 bytes exceeded for user copier")
	ok(t, c.DeleteUserPolicy, iam.DeleteUserPolicyInput{UserName: me, PolicyName: aws.String("a")})
	refused(t, c.GetUserPolicy, iam.GetUserPolicyInput{UserName: me, PolicyName: aws.String("a")}, 404, "NoSuchEntity", "The user policy with name a cannot be found.")
}

func TestManagedPoliciesAndTheirVersions(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	role := newRole(t, c, "builder")
	arn := ok(t, c.CreatePolicy, iam.CreatePolicyInput{PolicyName: aws.String("copy"), PolicyDocument: aws.String(mayCopy), Description: aws.String("d")}).Policy.Arn
	refused(t, c.CreatePolicy, iam.CreatePolicyInput{PolicyName: aws.String("copy"), PolicyDocument: aws.String(mayCopy)}, 409, "EntityAlreadyExists",
		"A policy called copy already exists. Duplicate names are not allowed.")
	other := strings.Replace(mayCopy, "CopyImage", "CreateTags", 1)
	ok(t, c.CreatePolicyVersion, iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: aws.String(other), SetAsDefault: true})
	ok(t, c.AttachRolePolicy, iam.AttachRolePolicyInput{RoleName: role, PolicyArn: arn})
	ok(t, c.AttachRolePolicy, iam.AttachRolePolicyInput{RoleName: role, PolicyArn: arn})
	got := ok(t, c.GetPolicy, iam.GetPolicyInput{PolicyArn: arn}).Policy
	if *got.DefaultVersionId != "v2" || *got.AttachmentCount != 1 || *got.Description != "d" || !strings.HasPrefix(*got.PolicyId, "ANPA") {
		t.Errorf("policy %+v", got)
	}
	version := ok(t, c.GetPolicyVersion, iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v2")}).PolicyVersion
	if text, err := url.PathUnescape(*version.Document); err != nil || text != other || !version.IsDefaultVersion {
		t.Errorf("version %+v, %v", version, err)
	}
	if all := ok(t, c.ListPolicyVersions, iam.ListPolicyVersionsInput{PolicyArn: arn}).Versions; len(all) != 2 || *all[0].VersionId != "v2" || all[1].IsDefaultVersion {
		t.Errorf("versions %+v", all)
	}
	local := ok(t, c.ListPolicies, iam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal}).Policies
	aws1 := ok(t, c.ListPolicies, iam.ListPoliciesInput{Scope: types.PolicyScopeTypeAws}).Policies
	if len(local) != 1 || len(aws1) == 0 || *aws1[0].Arn != "arn:aws:iam::aws:policy/AdministratorAccess" {
		t.Errorf("lists: %+v, %+v", local, aws1)
	}
	if attached := ok(t, c.ListAttachedRolePolicies, iam.ListAttachedRolePoliciesInput{RoleName: role}).AttachedPolicies; len(attached) != 1 || *attached[0].PolicyName != "copy" {
		t.Errorf("attached: %+v", attached)
	}
	refused(t, c.DeletePolicy, iam.DeletePolicyInput{PolicyArn: arn}, 409, "DeleteConflict", "Cannot delete a policy attached to entities.")
	ok(t, c.DetachRolePolicy, iam.DetachRolePolicyInput{RoleName: role, PolicyArn: arn})
	refused(t, c.DetachRolePolicy, iam.DetachRolePolicyInput{RoleName: role, PolicyArn: arn}, 404, "NoSuchEntity", "Policy "+*arn+" was not found.")
	refused(t, c.DeletePolicy, iam.DeletePolicyInput{PolicyArn: arn}, 409, "DeleteConflict",
		"This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
	refused(t, c.DeletePolicyVersion, iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v2")}, 409, "DeleteConflict", "Cannot delete the default version of a policy.")
	ok(t, c.SetDefaultPolicyVersion, iam.SetDefaultPolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v1")})
	ok(t, c.DeletePolicyVersion, iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v2")})
	ok(t, c.DeletePolicy, iam.DeletePolicyInput{PolicyArn: arn})
	refused(t, c.GetPolicy, iam.GetPolicyInput{PolicyArn: arn}, 404, "NoSuchEntity", "Policy "+*arn+" was not found.")
	refused(t, c.AttachRolePolicy, iam.AttachRolePolicyInput{RoleName: role, PolicyArn: arn}, 404, "NoSuchEntity", "Policy "+*arn+" does not exist or is not attachable.")
}

// A policy that is only a boundary is used too.
func TestABoundaryKeepsItsPolicy(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	arn := ok(t, c.CreatePolicy, iam.CreatePolicyInput{PolicyName: aws.String("fence"), PolicyDocument: aws.String(mayCopy)}).Policy.Arn
	name := ok(t, c.CreateUser, iam.CreateUserInput{UserName: aws.String("fenced")}).User.UserName
	ok(t, c.PutUserPermissionsBoundary, iam.PutUserPermissionsBoundaryInput{UserName: name, PermissionsBoundary: arn})
	if me := ok(t, c.GetUser, iam.GetUserInput{UserName: name}).User; *me.PermissionsBoundary.PermissionsBoundaryArn != *arn {
		t.Errorf("me: %+v", me)
	}
	if p := ok(t, c.GetPolicy, iam.GetPolicyInput{PolicyArn: arn}).Policy; *p.PermissionsBoundaryUsageCount != 1 {
		t.Errorf("policy: %+v", p)
	}
	refused(t, c.DeletePolicy, iam.DeletePolicyInput{PolicyArn: arn}, 409, "DeleteConflict", "Cannot delete a policy attached to entities.")
}
