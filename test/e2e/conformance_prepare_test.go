//go:build e2e

package e2e

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/rbin"
	rbintypes "github.com/aws/aws-sdk-go-v2/service/rbin/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
)

// prepare makes what the templates refer to, as the acceptance tests' account has it.
func (c *conformance) prepare(t *testing.T) {
	t.Helper()
	c.keys = c.makeKeys(t, home, ireland)
	c.values["deprecate_at"] = time.Now().UTC().AddDate(0, 0, 1).Format(time.RFC3339)
	c.makeNetwork(t)
	c.makeSnapshot(t)
	for _, p := range []struct{ name, value, kind string }{
		{"/conformance/name", "first", "String"}, {"/conformance/name", "data_sources", "String"}, {"/conformance/secret", "hidden", "SecureString"},
	} {
		_, err := ssm.NewFromConfig(c.config(oregon)).PutParameter(t.Context(), &ssm.PutParameterInput{
			Name: &p.name, Value: &p.value, Type: ssmtypes.ParameterType(p.kind), Overwrite: aws.Bool(true),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	c.makeProfile(t)
	c.makeRules(t)
	for _, region := range []string{home, ohio} { // for images that start fast
		made, err := c.ec2(region).CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
			LaunchTemplateName: aws.String("conformance"), LaunchTemplateData: &types.RequestLaunchTemplateData{InstanceType: types.InstanceTypeT3Small},
		})
		if err != nil {
			t.Fatal(err)
		}
		c.values["template_"+region] = *made.LaunchTemplate.LaunchTemplateId
		c.keep(region, "launch template", *made.LaunchTemplate.LaunchTemplateId)
	}
}

// makeRules makes retention rules that nothing of the templates has a tag for.
func (c *conformance) makeRules(t *testing.T) {
	t.Helper()
	for _, value := range []string{"one", "two"} {
		_, err := rbin.NewFromConfig(c.config(home)).CreateRule(t.Context(), &rbin.CreateRuleInput{
			ResourceType: rbintypes.ResourceTypeEbsSnapshot, ResourceTags: []rbintypes.ResourceTag{{ResourceTagKey: aws.String("kept"), ResourceTagValue: &value}},
			RetentionPeriod: &rbintypes.RetentionPeriod{RetentionPeriodValue: aws.Int32(1), RetentionPeriodUnit: rbintypes.RetentionPeriodUnitDays},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// makeProfile makes an instance profile with a role that has a policy, and a user with it.
func (c *conformance) makeProfile(t *testing.T) {
	t.Helper()
	const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:Describe*","Resource":"*"}]}`
	api, name := iam.NewFromConfig(c.config(home)), aws.String("conformance")
	c.profileOf(t, *name, policy)
	_, user := api.CreateUser(t.Context(), &iam.CreateUserInput{UserName: name})
	_, inline := api.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: name, PolicyName: name, PolicyDocument: aws.String(policy)})
	if err := errors.Join(user, inline); err != nil {
		t.Fatal(err)
	}
}

// makeNetwork tags a subnet and a security group for the filters.
func (c *conformance) makeNetwork(t *testing.T) {
	t.Helper()
	api := c.ec2(home)
	subnets, err := api.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{Filters: []types.Filter{filter("availability-zone", "us-east-1c")}})
	if err != nil || len(subnets.Subnets) != 1 {
		t.Fatalf("subnets: %+v, %v", subnets, err)
	}
	group, err := api.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("conformance"), Description: aws.String("for filters"), VpcId: subnets.Subnets[0].VpcId,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.values["subnet"], c.values["group"] = *subnets.Subnets[0].SubnetId, *group.GroupId
	c.keep(home, "security group", *group.GroupId)
	_, err = api.CreateTags(t.Context(), &ec2.CreateTagsInput{
		Resources: []string{c.values["subnet"], c.values["group"]}, Tags: []types.Tag{{Key: aws.String("Name"), Value: aws.String("conformance")}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// makeSnapshot makes a snapshot of 8 GiB for devices that name one.
func (c *conformance) makeSnapshot(t *testing.T) {
	t.Helper()
	api := c.ec2(home)
	volume, err := api.CreateVolume(t.Context(), &ec2.CreateVolumeInput{AvailabilityZone: aws.String("us-east-1a"), Size: aws.Int32(8)})
	if err != nil {
		t.Fatal(err)
	}
	made, err := api.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: volume.VolumeId, Description: aws.String("conformance")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := api.DeleteVolume(t.Context(), &ec2.DeleteVolumeInput{VolumeId: volume.VolumeId}); err != nil {
		t.Fatal(err)
	}
	c.values["snapshot"] = *made.SnapshotId
	c.keep(home, "snapshot", *made.SnapshotId)
	until(t, "the snapshot", time.Minute, func() bool {
		found, err := api.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{*made.SnapshotId}})
		if err != nil {
			t.Fatal(err)
		}
		return found.Snapshots[0].State == types.SnapshotStateCompleted
	})
}

// mustBeTidy fails when a build left an instance, a volume, a key pair, a security
// group, a launch template, a role or a profile, or a snapshot that is of no image.
func (c *conformance) mustBeTidy(t *testing.T) {
	t.Helper()
	for _, region := range []string{home, ohio, california, oregon, ireland} {
		l := lister{t: t, api: c.ec2(region), region: region}
		l.instances()
		l.keysAndGroups()
		l.launchTemplates()
		if region != ohio { // leftover_volume is there
			l.volumes()
		}
		l.orphans()
		for _, kept := range l.found {
			if !slices.Contains(c.kept, kept) {
				t.Errorf("left: %s", kept)
			}
		}
	}
	api := iam.NewFromConfig(c.config(home))
	for _, call := range c.calls(t) {
		var err error
		switch {
		case call.Outcome != "OK" || call.Params["InstanceProfileName"] == "conformance" || call.Params["RoleName"] == "conformance":
			continue
		case call.Action == "CreateRole":
			_, err = api.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String(call.Params["RoleName"])})
		case call.Action == "CreateInstanceProfile":
			_, err = api.GetInstanceProfile(t.Context(), &iam.GetInstanceProfileInput{InstanceProfileName: aws.String(call.Params["InstanceProfileName"])})
		default:
			continue
		}
		var refusal smithy.APIError
		if !errors.As(err, &refusal) || refusal.ErrorCode() != "NoSuchEntity" {
			t.Errorf("left: what %s made of %v: %v", call.Action, call.Params, err)
		}
	}
}

func (l *lister) launchTemplates() {
	out, err := l.api.DescribeLaunchTemplates(l.t.Context(), &ec2.DescribeLaunchTemplatesInput{})
	l.check(err)
	for _, t := range out.LaunchTemplates {
		l.add("launch template", t.LaunchTemplateId)
	}
}

// orphans are own snapshots that no own image has.
func (l *lister) orphans() {
	images, err := l.api.DescribeImages(l.t.Context(), &ec2.DescribeImagesInput{
		Owners: []string{"self"}, IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true),
	})
	l.check(err)
	used := map[string]bool{}
	for _, i := range images.Images {
		for _, m := range i.BlockDeviceMappings {
			if m.Ebs != nil {
				used[aws.ToString(m.Ebs.SnapshotId)] = true
			}
		}
	}
	snapshots, err := l.api.DescribeSnapshots(l.t.Context(), &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}})
	l.check(err)
	for _, s := range snapshots.Snapshots {
		if !used[aws.ToString(s.SnapshotId)] {
			l.add("snapshot", s.SnapshotId)
		}
	}
}
