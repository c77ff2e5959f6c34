package capture_test

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

const (
	snapshotARN = "arn:aws:ec2:us-east-1::snapshot/{snapshot}"
	imageARN    = "arn:aws:ec2:us-east-1::image/*"
)

// allow is a policy of one statement.
func allow(action string, resources ...string) string {
	list := `"` + strings.Join(resources, `","`) + `"`
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":[` + list + `]}]}`
}

// limited registers an image in a session of a role that may register and tag; the
// session's own policy allows less.
func limited(session string, change func(*ec2.RegisterImageInput)) func(r *rig) error {
	return func(r *rig) error {
		r.role()
		snapshot := r.snapshot("snapshot")
		must(r, 0, done(iam.NewFromConfig(r.config(sandboxtest.Home)).PutRolePolicy(r.t.Context(), &iam.PutRolePolicyInput{
			RoleName: aws.String("probe"), PolicyName: aws.String("images"), PolicyDocument: aws.String(allow("ec2:*", "*")),
		})))
		assumed, err := sts.NewFromConfig(r.config(sandboxtest.Home)).AssumeRole(r.t.Context(), &sts.AssumeRoleInput{
			RoleArn: aws.String(r.fill("arn:aws:iam::{own}:role/probe")), RoleSessionName: aws.String("target"), Policy: aws.String(r.fill(session)),
		})
		key := must(r, assumed, err).Credentials
		config := r.config(sandboxtest.Home)
		config.Credentials = credentials.NewStaticCredentialsProvider(*key.AccessKeyId, *key.SecretAccessKey, *key.SessionToken)
		return done(ec2.NewFromConfig(config).RegisterImage(r.t.Context(), register("probe", snapshot, change)))
	}
}

func untagged(in *ec2.RegisterImageInput) { in.TagSpecifications = nil }

// denied is the observation of what the session's policy does not allow.
func denied(did, session string, change func(*ec2.RegisterImageInput), action, resource string) observation {
	return observation{
		did: did, do: limited(session, change), status: 403, code: "UnauthorizedOperation",
		has: []string{
			"<Message>You are not authorized to perform this operation. User: arn:aws:sts::{own}:assumed-role/probe/target is not authorized to perform: " +
				action + " on resource: " + resource + " because no session policy allows the " + action + " action. Encoded authorization failure message: ",
		},
	}
}

// authority are observations of who may register an image.
var authority = []observation{
	denied("register without the snapshot", allow("ec2:RegisterImage", imageARN), untagged, "ec2:RegisterImage", snapshotARN),
	denied("register without the image", allow("ec2:RegisterImage", snapshotARN), untagged, "ec2:RegisterImage", imageARN),
	denied("register with tags that may not be made", allow("ec2:RegisterImage", imageARN, snapshotARN), func(*ec2.RegisterImageInput) {}, "ec2:CreateTags", imageARN),
	{
		did: "register without describing", do: limited(allow("ec2:RegisterImage", imageARN, snapshotARN), untagged), status: success,
		has: []string{"<imageId>ami-0"},
	},
}
