package authorize_test

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func launch(t *testing.T, config aws.Config, change ...func(*ec2.RunInstancesInput)) error {
	t.Helper()
	in := &ec2.RunInstancesInput{ImageId: aws.String("ami-0123456789abcdef0"), InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1)}
	for _, f := range change {
		f(in)
	}
	_, err := ec2.NewFromConfig(config).RunInstances(t.Context(), in)
	return err
}

func describe(t *testing.T, config aws.Config) error {
	t.Helper()
	_, err := ec2.NewFromConfig(config).DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"self"}})
	return err
}

// The texts are those of the service: what reads names no resource and carries no
// encoded message, what changes something has both.
func TestDenialsOfEC2(t *testing.T) {
	t.Parallel()
	c := start(t)
	config := c.user(allow("ssm:*"))
	refused(t, describe(t, config), 403, "UnauthorizedOperation", "You are not authorized to perform this operation. User: "+userARN+
		" is not authorized to perform: ec2:DescribeImages "+noIdentity("ec2:DescribeImages"))
	const instance = "arn:aws:ec2:" + here + ":" + home + ":instance/*"
	encoded := refused(t, launch(t, config), 403, "UnauthorizedOperation", denied(userARN, "ec2:RunInstances", instance, noIdentity("ec2:RunInstances")))
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{200,}$`).MatchString(encoded) {
		t.Errorf("encoded: %q", encoded)
	}
	// DryRun tells of the permission first.
	refused(t, launch(t, config, func(in *ec2.RunInstancesInput) { in.DryRun = aws.Bool(true) }), 403, "UnauthorizedOperation",
		denied(userARN, "ec2:RunInstances", instance, noIdentity("ec2:RunInstances")))
	c.allow(allow("ec2:*"))
	image := c.vendor()
	refused(t, launch(t, config, func(in *ec2.RunInstancesInput) { in.DryRun, in.ImageId = aws.Bool(true), &image }), 412, "DryRunOperation",
		"Request would have succeeded, but DryRun flag is set.")
	c.allow(allow("ec2:*"), `{"Sid":"no","Effect":"Deny","Action":"ec2:RunInstances","Resource":"arn:aws:ec2:*:*:subnet/*"}`)
	err := launch(t, config, func(in *ec2.RunInstancesInput) { in.ImageId = &image })
	subnet := ""
	c.World().Do(func() {
		for id, s := range c.World().Region(home, here).Subnets {
			if s.AvailabilityZone == here+"a" {
				subnet = id
			}
		}
	})
	refused(t, err, 403, "UnauthorizedOperation", denied(userARN, "ec2:RunInstances", "arn:aws:ec2:"+here+":"+home+":subnet/"+subnet, "with an explicit deny in an identity-based policy"))
}

func TestDenialsOfTheOtherServices(t *testing.T) {
	t.Parallel()
	c := start(t)
	config := c.user(allow("ec2:*"))
	ctx := t.Context()
	says := func(action, on string) string {
		return "User: " + userARN + " is not authorized to perform: " + action + on + " " + noIdentity(action)
	}
	_, err := ssm.NewFromConfig(config).GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String("/golden/image:1")})
	refused(t, err, 400, "AccessDeniedException", says("ssm:GetParameter", " on resource: arn:aws:ssm:"+here+":"+home+":parameter/golden/image"))
	_, err = kms.NewFromConfig(config).CreateKey(ctx, &kms.CreateKeyInput{})
	refused(t, err, 400, "AccessDeniedException", says("kms:CreateKey", " on resource: *"))
	key := c.key("")
	_, err = kms.NewFromConfig(config).DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(key)})
	refused(t, err, 400, "AccessDeniedException", says("kms:DescribeKey", " on resource: "+key))
	_, err = kms.NewFromConfig(config).CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/a"), TargetKeyId: aws.String(key)})
	refused(t, err, 400, "AccessDeniedException", says("kms:CreateAlias", " on resource: arn:aws:kms:"+here+":"+home+":alias/a"))
	api := iam.NewFromConfig(config)
	_, err = api.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("ci")})
	refused(t, err, 403, "AccessDenied", says("iam:GetRole", " on resource: role ci"))
	_, err = api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("ci"), Path: aws.String("/a/"), AssumeRolePolicyDocument: aws.String("{}")})
	refused(t, err, 403, "AccessDenied", says("iam:CreateRole", " on resource: arn:aws:iam::"+home+":role/a/ci"))
	_, err = api.GetUser(ctx, &iam.GetUserInput{})
	refused(t, err, 403, "AccessDenied", says("iam:GetUser", ""))
	_, err = sts.NewFromConfig(config).DecodeAuthorizationMessage(ctx, &sts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String("x")})
	refused(t, err, 403, "AccessDenied", says("sts:DecodeAuthorizationMessage", ""))
	if _, err := sts.NewFromConfig(config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}); err != nil {
		t.Errorf("GetCallerIdentity needs no permission: %v", err)
	}
}

func TestBoundariesAreNamedByTheirARN(t *testing.T) {
	t.Parallel()
	c := start(t)
	config := c.user(allow("*"))
	put := func(statements ...string) string {
		out, err := c.iam.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String("fence"), PolicyDocument: aws.String(document(statements...))})
		arn := must(t, out, err).Policy.Arn
		_, err = c.iam.PutUserPermissionsBoundary(t.Context(), &iam.PutUserPermissionsBoundaryInput{UserName: aws.String("builder"), PermissionsBoundary: arn})
		must(t, 0, err)
		return *arn
	}
	arn := put(allow("ec2:Describe*"))
	if err := describe(t, config); err != nil {
		t.Errorf("within the boundary: %v", err)
	}
	const instance = "arn:aws:ec2:" + here + ":" + home + ":instance/*"
	refused(t, launch(t, config), 403, "UnauthorizedOperation", denied(userARN, "ec2:RunInstances", instance, "because no permissions boundary allows the ec2:RunInstances action"))
	_, err := c.iam.CreatePolicyVersion(t.Context(), &iam.CreatePolicyVersionInput{
		PolicyArn: aws.String(arn), SetAsDefault: true, PolicyDocument: aws.String(document(allow("*"), `{"Effect":"Deny","Action":"ec2:Run*","Resource":"*"}`)),
	})
	must(t, 0, err)
	refused(t, launch(t, config), 403, "UnauthorizedOperation", denied(userARN, "ec2:RunInstances", instance, "with an explicit deny in a permissions boundary: "+arn))
}

func TestAttachedPoliciesCount(t *testing.T) {
	t.Parallel()
	c := start(t)
	config := c.user(allow("ssm:*"))
	attach := &iam.AttachUserPolicyInput{UserName: aws.String("builder"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess")}
	_, err := c.iam.AttachUserPolicy(t.Context(), attach)
	must(t, 0, err)
	if err := describe(t, config); err != nil {
		t.Errorf("with the managed policy: %v", err)
	}
	refused(t, launch(t, config), 403, "UnauthorizedOperation", denied(userARN, "ec2:RunInstances", "arn:aws:ec2:"+here+":"+home+":instance/*", noIdentity("ec2:RunInstances")))
}

// What a denial carries can be read by who is allowed to, in the same account.
func TestDecodeAuthorizationMessage(t *testing.T) {
	t.Parallel()
	c := start(t)
	config := c.user(allow("ec2:*", "sts:DecodeAuthorizationMessage"), `{"Sid":"Small","Effect":"Deny","Action":"ec2:RunInstances","Resource":"*","Condition":{"StringEquals":{"ec2:InstanceType":"t3.small"}}}`)
	encoded := refused(t, launch(t, config), 403, "UnauthorizedOperation",
		denied(userARN, "ec2:RunInstances", "arn:aws:ec2:"+here+":"+home+":instance/*", "with an explicit deny in an identity-based policy"))
	out, err := sts.NewFromConfig(config).DecodeAuthorizationMessage(t.Context(), &sts.DecodeAuthorizationMessageInput{EncodedMessage: &encoded})
	var got struct {
		Allowed           *bool
		ExplicitDeny      bool
		MatchedStatements struct {
			Items []struct {
				StatementID, Effect string
				Actions, Resources  struct{ Items []struct{ Value string } }
				Conditions          struct {
					Items []struct {
						Key    string
						Values struct{ Items []struct{ Value string } }
					}
				}
			}
		}
		Failures struct{ Items []any }
		Context  struct {
			Principal        struct{ ID, Name, ARN string }
			Action, Resource string
			Conditions       struct {
				Items []struct {
					Key    string
					Values struct{ Items []struct{ Value string } }
				}
			}
		}
	}
	must(t, 0, json.Unmarshal([]byte(*must(t, out, err).DecodedMessage), &got))
	if got.Allowed == nil || *got.Allowed || !got.ExplicitDeny || got.Failures.Items == nil || len(got.MatchedStatements.Items) != 1 {
		t.Fatalf("got %s", *out.DecodedMessage)
	}
	s := got.MatchedStatements.Items[0]
	if s.StatementID != "Small" || s.Effect != "DENY" || s.Actions.Items[0].Value != "ec2:RunInstances" || s.Conditions.Items[0].Key != "ec2:InstanceType" || s.Conditions.Items[0].Values.Items[0].Value != "t3.small" {
		t.Errorf("statement %+v", s)
	}
	if p := got.Context.Principal; p.ARN != userARN || p.Name != "builder" || len(p.ID) < 20 || got.Context.Action != "ec2:RunInstances" {
		t.Errorf("context %+v", got.Context)
	}
	values := map[string]string{}
	for _, k := range got.Context.Conditions.Items {
		values[k.Key] = k.Values.Items[0].Value
	}
	for key, want := range map[string]string{"ec2:InstanceType": "t3.small", "ec2:Region": here, "aws:username": "builder", "ec2:MetadataHttpTokens": "optional"} {
		if values[key] != want {
			t.Errorf("%s is %q", key, values[key])
		}
	}
	_, err = c.STS(other, here).DecodeAuthorizationMessage(t.Context(), &sts.DecodeAuthorizationMessageInput{EncodedMessage: &encoded})
	refused(t, err, 400, "InvalidAuthorizationMessageException", "Message is invalid")
}
