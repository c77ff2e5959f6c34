package cloud

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// iamOperations lists what makes and deletes something in IAM. IAM has no ids
// that its deletions take: names are the ids, unique per account.
func iamOperations() map[string]operation {
	return map[string]operation{
		"IAM.CreateRole": creates(
			func(in *iam.CreateRoleInput) request { return named(in.RoleName) },
			func(in *iam.CreateRoleInput, _ *iam.CreateRoleOutput) []Resource {
				return one(KindRole, in.RoleName, nil)
			}).adoptedBy(adoptRole),
		"IAM.CreateInstanceProfile": creates(
			func(in *iam.CreateInstanceProfileInput) request { return named(in.InstanceProfileName) },
			func(in *iam.CreateInstanceProfileInput, _ *iam.CreateInstanceProfileOutput) []Resource {
				return one(KindInstanceProfile, in.InstanceProfileName, nil)
			}).adoptedBy(adoptInstanceProfile),
		"IAM.PutRolePolicy": creates(
			func(in *iam.PutRolePolicyInput) request { return named(in.PolicyName) },
			func(in *iam.PutRolePolicyInput, _ *iam.PutRolePolicyOutput) []Resource {
				return pair(KindRolePolicy, in.RoleName, in.PolicyName)
			}),
		"IAM.AddRoleToInstanceProfile": creates(
			func(in *iam.AddRoleToInstanceProfileInput) request { return named(in.InstanceProfileName) },
			func(in *iam.AddRoleToInstanceProfileInput, _ *iam.AddRoleToInstanceProfileOutput) []Resource {
				return pair(KindInstanceProfileRole, in.InstanceProfileName, in.RoleName)
			}).adoptedBy(adoptMembership),
		"IAM.DeleteRole": deletes(never,
			func(in *iam.DeleteRoleInput, _ *iam.DeleteRoleOutput) []Resource {
				return one(KindRole, in.RoleName, nil)
			}),
		"IAM.DeleteInstanceProfile": deletes(never,
			func(in *iam.DeleteInstanceProfileInput, _ *iam.DeleteInstanceProfileOutput) []Resource {
				return one(KindInstanceProfile, in.InstanceProfileName, nil)
			}),
		"IAM.DeleteRolePolicy": deletes(never,
			func(in *iam.DeleteRolePolicyInput, _ *iam.DeleteRolePolicyOutput) []Resource {
				return pair(KindRolePolicy, in.RoleName, in.PolicyName)
			}),
		"IAM.RemoveRoleFromInstanceProfile": deletes(never,
			func(in *iam.RemoveRoleFromInstanceProfileInput, _ *iam.RemoveRoleFromInstanceProfileOutput) []Resource {
				return pair(KindInstanceProfileRole, in.InstanceProfileName, in.RoleName)
			}),
	}
}

func named(name *string) request { return request{name: aws.ToString(name)} }

// never: IAM has no dry run.
func never[I any](*I) *bool { return nil }

// pair gives a resource that is a relation, as "first/second"; neither name may
// hold a slash.
func pair(kind Kind, first, second *string) []Resource {
	id := aws.ToString(first) + "/" + aws.ToString(second)
	return one(kind, &id, nil)
}
