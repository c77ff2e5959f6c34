package authorize_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// when is a statement with a condition.
func when(effect, action, resource, condition string) string {
	return `{"Effect":"` + effect + `","Action":"` + action + `","Resource":"` + resource + `","Condition":` + condition + `}`
}

// outcome of a call: may is true where it is not a denial.
func outcome(t *testing.T, what string, err error, may bool) {
	t.Helper()
	if may {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		return
	}
	if err == nil {
		t.Errorf("%s: allowed", what)
	}
}

// image registers an image of the home account and gives its id and snapshot.
func (c *cloud) image() (image, snapshot string) {
	c.t.Helper()
	copied, err := c.ec2.CopyImage(c.t.Context(), &ec2.CopyImageInput{Name: aws.String("own"), SourceImageId: aws.String(c.vendor()), SourceRegion: aws.String(here)})
	id := *must(c.t, copied, err).ImageId
	out, err := c.ec2.DescribeImages(c.t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{id}})
	return id, *must(c.t, out, err).Images[0].BlockDeviceMappings[0].Ebs.SnapshotId
}

func TestSharingIsLimitedToNamedAccounts(t *testing.T) {
	t.Parallel()
	c := start(t)
	id, _ := c.image()
	config := c.user(when("Allow", "ec2:ModifyImageAttribute", "arn:aws:ec2:*::image/*", `{"StringEquals":{"ec2:Add/userId":["111122223333","444455556666"]}}`))
	share := func(accounts ...string) error {
		change := &types.LaunchPermissionModifications{}
		for _, a := range accounts {
			change.Add = append(change.Add, types.LaunchPermission{UserId: aws.String(a)})
		}
		_, err := ec2.NewFromConfig(config).ModifyImageAttribute(t.Context(), &ec2.ModifyImageAttributeInput{ImageId: &id, LaunchPermission: change})
		return err
	}
	outcome(t, "one of them", share("111122223333"), true)
	outcome(t, "another account", share("777788889999"), false)
	// The trap: two values are equal to no single one.
	refused(t, share("111122223333", "444455556666"), 403, "UnauthorizedOperation",
		denied(userARN, "ec2:ModifyImageAttribute", "arn:aws:ec2:"+here+"::image/"+id, noIdentity("ec2:ModifyImageAttribute")))
	c.allow(when("Allow", "ec2:ModifyImageAttribute", "*", `{"ForAllValues:StringEquals":{"ec2:Add/userId":["111122223333","444455556666"]},"Null":{"ec2:Add/group":"true"}}`))
	outcome(t, "both, with ForAllValues", share("111122223333", "444455556666"), true)
	_, err := ec2.NewFromConfig(config).ModifyImageAttribute(t.Context(), &ec2.ModifyImageAttributeInput{ImageId: &id, OperationType: types.OperationTypeAdd, UserGroups: []string{"all"}})
	outcome(t, "public, in the older spelling", err, false)
	c.allow(when("Allow", "ec2:ModifySnapshotAttribute", "*", `{"StringEquals":{"ec2:Remove/userId":"111122223333"}}`))
	_, snapshot := c.image()
	modify := func(operation types.OperationType) error {
		_, err := ec2.NewFromConfig(config).ModifySnapshotAttribute(t.Context(), &ec2.ModifySnapshotAttributeInput{
			SnapshotId: &snapshot, Attribute: types.SnapshotAttributeNameCreateVolumePermission, OperationType: operation, UserIds: []string{"111122223333"},
		})
		return err
	}
	outcome(t, "remove", modify(types.OperationTypeRemove), true)
	outcome(t, "add", modify(types.OperationTypeAdd), false)
}

func TestTagsAtCreation(t *testing.T) {
	t.Parallel()
	c := start(t)
	image := c.vendor()
	config := c.user(allow("ec2:RunInstances", "ec2:Describe*"), when("Allow", "ec2:CreateTags", "arn:aws:ec2:*:*:instance/*", `{"StringEquals":{"ec2:CreateAction":"RunInstances"}}`))
	with := func(kind types.ResourceType, tags ...string) func(*ec2.RunInstancesInput) {
		return func(in *ec2.RunInstancesInput) {
			in.ImageId = &image
			spec := types.TagSpecification{ResourceType: kind}
			for i := 0; i < len(tags); i += 2 {
				spec.Tags = append(spec.Tags, types.Tag{Key: &tags[i], Value: &tags[i+1]})
			}
			in.TagSpecifications = []types.TagSpecification{spec}
		}
	}
	outcome(t, "tags of the instance", launch(t, config, with(types.ResourceTypeInstance, "Team", "images")), true)
	refused(t, launch(t, config, with(types.ResourceTypeVolume, "Team", "images")), 403, "UnauthorizedOperation",
		denied(userARN, "ec2:CreateTags", "arn:aws:ec2:"+here+":"+home+":volume/*", noIdentity("ec2:CreateTags")))
	c.allow(allow("ec2:CreateTags", "ec2:Describe*"), when("Allow", "ec2:RunInstances", "arn:aws:ec2:*:*:instance/*", `{"StringEquals":{"aws:RequestTag/Team":"images"},"ForAllValues:StringEquals":{"aws:TagKeys":["Team","Name"]}}`),
		`{"Effect":"Allow","Action":"ec2:RunInstances","NotResource":"arn:aws:ec2:*:*:instance/*"}`)
	outcome(t, "the tag that must be", launch(t, config, with(types.ResourceTypeInstance, "Team", "images", "Name", "n")), true)
	outcome(t, "another value", launch(t, config, with(types.ResourceTypeInstance, "Team", "others")), false)
	outcome(t, "a key that must not be", launch(t, config, with(types.ResourceTypeInstance, "Team", "images", "Cost", "1")), false)
	outcome(t, "no tags", launch(t, config, func(in *ec2.RunInstancesInput) { in.ImageId = &image }), false)
}

func TestOnlyWhatIsTaggedMayGo(t *testing.T) {
	t.Parallel()
	c := start(t)
	id, snapshot := c.image()
	config := c.user(when("Allow", "ec2:De*", "*", `{"StringEquals":{"ec2:ResourceTag/Team":"images","aws:ResourceTag/team":"images"}}`))
	deregister := func() error {
		_, err := ec2.NewFromConfig(config).DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: &id, DeleteAssociatedSnapshots: aws.Bool(true)})
		return err
	}
	outcome(t, "without the tag", deregister(), false)
	_, err := c.ec2.CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{id}, Tags: []types.Tag{{Key: aws.String("Team"), Value: aws.String("images")}}})
	must(t, 0, err)
	out, err := ec2.NewFromConfig(config).DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: &id, DeleteAssociatedSnapshots: aws.Bool(true)})
	results := must(t, out, err).DeleteSnapshotResults
	if len(results) != 1 || *results[0].SnapshotId != snapshot || results[0].ReturnCode != "missing-permissions" {
		t.Errorf("the snapshot has no tag: %+v", results)
	}
}

func TestRegionsTypesAndOwners(t *testing.T) {
	t.Parallel()
	c := start(t)
	image := c.vendor()
	run := func(in *ec2.RunInstancesInput) { in.ImageId = &image }
	config := c.user(allow("ec2:*"), when("Deny", "*", "*", `{"StringNotEquals":{"aws:RequestedRegion":["us-east-1"]}}`))
	outcome(t, "in the Region", describe(t, config), true)
	abroad := config.Copy()
	abroad.Region = there
	refused(t, describe(t, abroad), 403, "UnauthorizedOperation", "You are not authorized to perform this operation. User: "+userARN+
		" is not authorized to perform: ec2:DescribeImages with an explicit deny in an identity-based policy")
	for condition, may := range map[string]bool{
		`{"StringLike":{"ec2:InstanceType":"t3.*"}}`:             true,
		`{"StringEquals":{"ec2:InstanceType":"m7i.large"}}`:      false,
		`{"StringEquals":{"ec2:MetadataHttpTokens":"optional"}}`: false,
		`{"IpAddress":{"aws:SourceIp":"127.0.0.0/8"},"Bool":{"aws:SecureTransport":"true"},"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}`:                           true,
		`{"ArnEquals":{"aws:PrincipalArn":"` + userARN + `"},"StringEquals":{"aws:PrincipalAccount":"` + home + `","aws:ResourceAccount":"` + home + `","ec2:Region":"us-east-1"}}`: true,
		`{"StringEquals":{"aws:PrincipalAccount":"` + other + `"}}`: false,
	} {
		c.allow(`{"Effect":"Allow","Action":"ec2:RunInstances","NotResource":"arn:aws:ec2:*:*:instance/*"}`, when("Allow", "ec2:RunInstances", "arn:aws:ec2:*:*:instance/*", condition))
		outcome(t, condition, launch(t, config, run), may)
	}
	for condition, may := range map[string]bool{
		`{"StringEquals":{"ec2:Owner":"amazon"},"Bool":{"ec2:Public":"true"}}`: true,
		`{"StringEquals":{"ec2:Owner":"` + home + `"}}`:                        false,
	} {
		c.allow(`{"Effect":"Allow","Action":"ec2:RunInstances","NotResource":"arn:aws:ec2:*::image/*"}`, when("Allow", "ec2:RunInstances", "arn:aws:ec2:*::image/*", condition))
		outcome(t, condition, launch(t, config, run), may)
	}
	for condition, may := range map[string]bool{
		`{"NumericLessThanEquals":{"ec2:VolumeSize":"8"},"StringEquals":{"ec2:VolumeType":"gp3"}}`: true,
		`{"Bool":{"ec2:Encrypted":"true"}}`: false,
	} {
		c.allow(`{"Effect":"Allow","Action":"ec2:RunInstances","NotResource":"arn:aws:ec2:*:*:volume/*"}`, when("Allow", "ec2:RunInstances", "arn:aws:ec2:*:*:volume/*", condition))
		outcome(t, condition, launch(t, config, run), may)
	}
}

// A copy needs the source and, apart from it, the snapshot that it makes.
func TestCopySnapshotNeedsSourceAndDestination(t *testing.T) {
	t.Parallel()
	c := start(t)
	_, snapshot := c.image()
	copyIt := func(config aws.Config) error {
		_, err := ec2.NewFromConfig(config).CopySnapshot(t.Context(), &ec2.CopySnapshotInput{SourceRegion: aws.String(here), SourceSnapshotId: &snapshot})
		return err
	}
	source := "arn:aws:ec2:" + here + "::snapshot/" + snapshot
	config := c.user(`{"Effect":"Allow","Action":"ec2:CopySnapshot","Resource":"` + source + `"}`)
	refused(t, copyIt(config), 403, "UnauthorizedOperation", denied(userARN, "ec2:CopySnapshot", "arn:aws:ec2:"+here+"::snapshot/*", noIdentity("ec2:CopySnapshot")))
	c.allow(`{"Effect":"Allow","Action":"ec2:CopySnapshot","Resource":"arn:aws:ec2:*::snapshot/${*}"}`)
	refused(t, copyIt(config), 403, "UnauthorizedOperation", denied(userARN, "ec2:CopySnapshot", source, noIdentity("ec2:CopySnapshot")))
	c.allow(`{"Effect":"Allow","Action":"ec2:CopySnapshot","Resource":["arn:aws:ec2:*::snapshot/${*}","` + source + `"]}`)
	outcome(t, "both", copyIt(config), true)
}

func TestPolicyVariablesAndPrincipalTags(t *testing.T) {
	t.Parallel()
	c := start(t)
	config := c.user(
		when("Allow", "ssm:PutParameter", "arn:aws:ssm:*:*:parameter/${aws:username}/*", `{"StringEquals":{"aws:PrincipalTag/Team":"${aws:RequestTag/Team}"}}`))
	put := func(name, team string) error {
		_, err := ssm.NewFromConfig(config).PutParameter(t.Context(), &ssm.PutParameterInput{
			Name: &name, Value: aws.String("v"), Type: "String", Tags: []ssmtypes.Tag{{Key: aws.String("Team"), Value: &team}},
		})
		return err
	}
	outcome(t, "the own path and team", put("/builder/x", "images"), true)
	outcome(t, "another path", put("/others/x", "images"), false)
	outcome(t, "another team", put("/builder/y", "others"), false)
}

// An instance gets a role only by iam:PassRole.
func TestARoleIsPassed(t *testing.T) {
	t.Parallel()
	c := start(t)
	image := c.vendor()
	arn := c.role(home, "guest", `{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`)
	name := aws.String("guest")
	_, err := c.iam.CreateInstanceProfile(t.Context(), &iam.CreateInstanceProfileInput{InstanceProfileName: name})
	must(t, 0, err)
	_, err = c.iam.AddRoleToInstanceProfile(t.Context(), &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: name})
	must(t, 0, err)
	config := c.user(allow("ec2:*"))
	run := func(in *ec2.RunInstancesInput) {
		in.ImageId, in.IamInstanceProfile = &image, &types.IamInstanceProfileSpecification{Name: name}
	}
	refused(t, launch(t, config, run), 403, "UnauthorizedOperation", denied(userARN, "iam:PassRole", arn, noIdentity("iam:PassRole")))
	c.allow(allow("ec2:*"), when("Allow", "iam:PassRole", arn, `{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}`))
	outcome(t, "with PassRole", launch(t, config, run), true)
}
