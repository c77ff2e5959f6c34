package authorize_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
)

func mayNotAssume(role string) string {
	return "User: " + userARN + " is not authorized to perform: sts:AssumeRole on resource: " + role
}

// Between two accounts both must agree: the role's trust policy, with its external
// id, and the caller's own policy.
func TestAssumingARoleOfAnotherAccount(t *testing.T) {
	t.Parallel()
	c := start(t)
	arn := c.role(other, "images", `{"Effect":"Allow","Principal":{"AWS":"`+home+`"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"secret"},"StringLike":{"sts:RoleSessionName":"run*"}}}`,
		allow("ec2:Describe*"))
	config := c.user(`{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/images"}`)
	as := func(change ...func(*sts.AssumeRoleInput)) (aws.Config, error) {
		in := &sts.AssumeRoleInput{RoleArn: &arn, ExternalId: aws.String("secret")}
		for _, f := range change {
			f(in)
		}
		return c.assume(config, in)
	}
	session, err := as()
	must(t, 0, err)
	identity, err := sts.NewFromConfig(session).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	sessionARN := "arn:aws:sts::" + other + ":assumed-role/images/run"
	if got := must(t, identity, err); *got.Arn != sessionARN || *got.Account != other {
		t.Errorf("identity %+v", got)
	}
	outcome(t, "what the role may", describe(t, session), true)
	refused(t, launch(t, session), 403, "UnauthorizedOperation", denied(sessionARN, "ec2:RunInstances", "arn:aws:ec2:"+here+":"+other+":instance/*", noIdentity("ec2:RunInstances")))

	_, err = as(func(in *sts.AssumeRoleInput) { in.ExternalId = aws.String("guess") })
	refused(t, err, 403, "AccessDenied", mayNotAssume(arn))
	_, err = as(func(in *sts.AssumeRoleInput) { in.RoleSessionName = aws.String("other") })
	refused(t, err, 403, "AccessDenied", mayNotAssume(arn))
	gone := "arn:aws:iam::" + other + ":role/gone"
	_, err = as(func(in *sts.AssumeRoleInput) { in.RoleArn = &gone })
	refused(t, err, 403, "AccessDenied", mayNotAssume(gone))
	c.allow(allow("ec2:*"))
	_, err = as()
	refused(t, err, 403, "AccessDenied", mayNotAssume(arn)+" "+noIdentity("sts:AssumeRole"))
}

func TestSessionPoliciesLimitTheSession(t *testing.T) {
	t.Parallel()
	c := start(t)
	arn := c.role(home, "ci", `{"Effect":"Allow","Principal":{"AWS":"`+home+`"},"Action":["sts:AssumeRole","sts:TagSession"]}`, allow("ec2:*"))
	me := c.Config(home, here)
	sessionARN := "arn:aws:sts::" + home + ":assumed-role/ci/run"
	session, err := c.assume(me, &sts.AssumeRoleInput{RoleArn: &arn, Policy: aws.String(document(allow("ec2:Describe*")))})
	must(t, 0, err)
	outcome(t, "within the session policy", describe(t, session), true)
	const instance = "arn:aws:ec2:" + here + ":" + home + ":instance/*"
	refused(t, launch(t, session), 403, "UnauthorizedOperation", denied(sessionARN, "ec2:RunInstances", instance, "because no session policy allows the ec2:RunInstances action"))
	readOnly := "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess"
	session, err = c.assume(me, &sts.AssumeRoleInput{RoleArn: &arn, PolicyArns: []ststypes.PolicyDescriptorType{{Arn: &readOnly}}})
	must(t, 0, err)
	outcome(t, "within the managed policy", describe(t, session), true)
	refused(t, launch(t, session), 403, "UnauthorizedOperation", denied(sessionARN, "ec2:RunInstances", instance, "because no session policy allows the ec2:RunInstances action"))
	_, err = c.assume(me, &sts.AssumeRoleInput{RoleArn: &arn, Policy: aws.String("{")})
	refused(t, err, 400, "MalformedPolicyDocument", "This policy contains invalid Json")
	_, err = c.assume(me, &sts.AssumeRoleInput{RoleArn: &arn, SerialNumber: aws.String("arn:aws:iam::" + home + ":mfa/x"), TokenCode: aws.String("123456")})
	refused(t, err, 403, "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ")
	_, err = c.assume(me, &sts.AssumeRoleInput{RoleArn: &arn, DurationSeconds: aws.Int32(7200)})
	refused(t, err, 400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
}

// Session tags are principal tags, and transitive ones stay through a chain.
func TestSessionTagsGoOn(t *testing.T) {
	t.Parallel()
	c := start(t)
	trust := `{"Effect":"Allow","Principal":{"AWS":"` + home + `"},"Action":["sts:AssumeRole","sts:TagSession"]}`
	first := c.role(home, "first", trust)
	second := c.role(home, "second", trust, when("Allow", "ec2:Describe*", "*", `{"StringEquals":{"aws:PrincipalTag/Team":"images"}}`))
	tags := []ststypes.Tag{{Key: aws.String("Team"), Value: aws.String("images")}}
	for name, transitive := range map[string][]string{"transitive": {"Team"}, "not transitive": nil} {
		session, err := c.assume(c.Config(home, here), &sts.AssumeRoleInput{RoleArn: &first, Tags: tags, TransitiveTagKeys: transitive})
		must(t, 0, err)
		_, err = c.assume(session, &sts.AssumeRoleInput{RoleArn: &second, DurationSeconds: aws.Int32(3601)})
		refused(t, err, 400, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
		session, err = c.assume(session, &sts.AssumeRoleInput{RoleArn: &second})
		must(t, 0, err)
		outcome(t, name, describe(t, session), transitive != nil)
	}
	plain := c.role(home, "plain", `{"Effect":"Allow","Principal":{"AWS":"`+home+`"},"Action":"sts:AssumeRole"}`)
	_, err := c.assume(c.Config(home, here), &sts.AssumeRoleInput{RoleArn: &plain, Tags: tags})
	refused(t, err, 403, "AccessDenied", "User: arn:aws:iam::"+home+":user/sandbox is not authorized to perform: sts:TagSession on resource: "+plain)
}

// A trust policy that names the caller is enough inside an account.
func TestATrustPolicyThatNamesTheCaller(t *testing.T) {
	t.Parallel()
	c := start(t)
	config := c.user(allow("ec2:*"))
	byName := c.role(home, "named", `{"Effect":"Allow","Principal":{"AWS":"`+userARN+`"},"Action":"sts:AssumeRole"}`)
	_, err := c.assume(config, &sts.AssumeRoleInput{RoleArn: &byName})
	outcome(t, "named", err, true)
	byAccount := c.role(home, "account", `{"Effect":"Allow","Principal":{"AWS":"`+home+`"},"Action":"sts:AssumeRole"}`)
	_, err = c.assume(config, &sts.AssumeRoleInput{RoleArn: &byAccount})
	refused(t, err, 403, "AccessDenied", mayNotAssume(byAccount)+" "+noIdentity("sts:AssumeRole"))
	denying := c.role(home, "denying", `{"Effect":"Deny","Principal":{"AWS":"`+userARN+`"},"Action":"sts:AssumeRole"},{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}`)
	_, err = c.assume(config, &sts.AssumeRoleInput{RoleArn: &denying})
	refused(t, err, 403, "AccessDenied", mayNotAssume(denying))
}

// encrypted launches with a root under a key and tells the reason why it died, if
// it did.
func (c *cloud) encrypted(config aws.Config, key string) string {
	c.t.Helper()
	api, image := ec2.NewFromConfig(config), c.vendor()
	run, err := api.RunInstances(c.t.Context(), &ec2.RunInstancesInput{
		ImageId: &image, InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1), BlockDeviceMappings: []types.BlockDeviceMapping{
			{DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{Encrypted: aws.Bool(true), KmsKeyId: &key}},
		},
	})
	id := *must(c.t, run, err).Instances[0].InstanceId
	out, err := api.DescribeInstances(c.t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	if reason := must(c.t, out, err).Reservations[0].Instances[0].StateReason; reason != nil {
		return aws.ToString(reason.Code)
	}
	return ""
}

// EBS looks at the key late, in the caller's name: a launch that may not use it is
// accepted and dies.
func TestKeysAreUsedInTheCallersName(t *testing.T) {
	t.Parallel()
	c := start(t)
	const dies = "Client.InternalError"
	usual := `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + home + `:root"},"Action":"kms:*","Resource":"*"}`
	config := c.user(allow("ec2:*"))
	key := c.key("")
	if got := c.encrypted(config, key); got != dies {
		t.Errorf("without kms permissions: %q", got)
	}
	c.allow(allow("ec2:*", "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"))
	if got := c.encrypted(config, key); got == dies {
		t.Error("with the documented permissions it dies")
	}
	if got := c.encrypted(config, c.key(document(usual, `{"Effect":"Deny","Principal":{"AWS":"`+userARN+`"},"Action":"kms:CreateGrant","Resource":"*"}`))); got != dies {
		t.Errorf("with a deny in the key policy: %q", got)
	}
	c.allow(allow("ec2:*"), when("Allow", "kms:*", "*", `{"StringEquals":{"kms:ViaService":"ec2.us-east-1.amazonaws.com","kms:CallerAccount":"`+home+`"}}`),
		when("Deny", "kms:CreateGrant", "*", `{"Bool":{"kms:GrantIsForAWSResource":"false"}}`))
	if got := c.encrypted(config, key); got == dies {
		t.Error("through EC2 alone it dies")
	}
	_, err := kms.NewFromConfig(config).DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &key})
	refused(t, err, 400, "AccessDeniedException", "User: "+userARN+" is not authorized to perform: kms:DescribeKey on resource: "+key+" "+noIdentity("kms:DescribeKey"))
	// The AWS-managed key needs no permission of the caller's own.
	c.allow(allow("ec2:*"))
	if got := c.encrypted(config, "alias/aws/ebs"); got == dies {
		t.Error("with aws/ebs it dies")
	}
}

func TestGrantsAndKeyPoliciesDecideByName(t *testing.T) {
	t.Parallel()
	c := start(t)
	usual := `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + home + `:root"},"Action":"kms:*","Resource":"*"}`
	config := c.user(allow("ec2:*"))
	describe := func(key string) error {
		_, err := kms.NewFromConfig(config).DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &key})
		return err
	}
	named := c.key(document(usual, `{"Effect":"Allow","Principal":{"AWS":"`+userARN+`"},"Action":"kms:Describe*","Resource":"*"}`))
	outcome(t, "named by the key policy", describe(named), true)
	key := c.key("")
	outcome(t, "left to the account", describe(key), false)
	_, err := c.KMS(home, here).CreateGrant(t.Context(), &kms.CreateGrantInput{KeyId: &key, GranteePrincipal: aws.String(userARN), Operations: []kmstypes.GrantOperation{kmstypes.GrantOperationDescribeKey}})
	must(t, 0, err)
	outcome(t, "by a grant", describe(key), true)
	_, err = c.KMS(home, here).CreateKey(t.Context(), &kms.CreateKeyInput{Policy: aws.String(document(`{"Effect":"Allow","Principal":{"AWS":"` + other + `"},"Action":"kms:*","Resource":"*"}`))})
	refused(t, err, 400, "MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future.")
}
