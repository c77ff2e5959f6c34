package authorize_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/policy"
)

func named(names ...string) []types.Filter {
	return []types.Filter{{Name: aws.String("name"), Values: names}}
}

func tagged(kind types.ResourceType) []types.TagSpecification {
	return []types.TagSpecification{{ResourceType: kind, Tags: []types.Tag{{Key: aws.String("Team"), Value: aws.String("images")}}}}
}

// needed are the permissions of the build below, each of which it cannot do
// without.
var needed = []string{
	"ec2:AuthorizeSecurityGroupIngress", "ec2:CopyImage", "ec2:CreateImage", "ec2:CreateKeyPair", "ec2:CreateSecurityGroup", "ec2:CreateTags",
	"ec2:DeregisterImage", "ec2:DescribeImages", "ec2:DescribeInstances", "ec2:ModifyImageAttribute", "ec2:RunInstances", "ec2:StopInstances",
	"ec2:TerminateInstances",
}

// build does what a build of an image does, and ends at the first refusal.
func build(t *testing.T, config aws.Config, source string) error {
	t.Helper()
	ctx, api := t.Context(), ec2.NewFromConfig(config)
	if _, err := api.CreateKeyPair(ctx, &ec2.CreateKeyPairInput{KeyName: aws.String("packer")}); err != nil {
		return err
	}
	group, err := api.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("packer"), Description: aws.String("d")})
	if err != nil {
		return err
	}
	_, err = api.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: group.GroupId, IpPermissions: []types.IpPermission{
		{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), IpRanges: []types.IpRange{{CidrIp: aws.String("10.0.0.1/32")}}},
	}})
	if err != nil {
		return err
	}
	run, err := api.RunInstances(ctx, &ec2.RunInstancesInput{
		ImageId: aws.String(source), InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1), KeyName: aws.String("packer"),
		SecurityGroupIds: []string{*group.GroupId}, TagSpecifications: tagged(types.ResourceTypeInstance),
	})
	if err != nil {
		return err
	}
	ids := []string{*run.Instances[0].InstanceId}
	if err := stopped(t, api, ids); err != nil {
		return err
	}
	image, err := imageOf(t, api, ids[0])
	if err != nil {
		return err
	}
	share := &types.LaunchPermissionModifications{Add: []types.LaunchPermission{{UserId: aws.String(other)}}}
	if _, err := api.ModifyImageAttribute(ctx, &ec2.ModifyImageAttributeInput{ImageId: image, LaunchPermission: share}); err != nil {
		return err
	}
	abroad := config.Copy()
	abroad.Region = there
	copied, err := ec2.NewFromConfig(abroad).CopyImage(ctx, &ec2.CopyImageInput{Name: aws.String("copy"), SourceImageId: image, SourceRegion: aws.String(here)})
	if err != nil {
		return err
	}
	if _, err := ec2.NewFromConfig(abroad).DeregisterImage(ctx, &ec2.DeregisterImageInput{ImageId: copied.ImageId}); err != nil {
		return err
	}
	_, err = api.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: ids})
	return err
}

func stopped(t *testing.T, api *ec2.Client, ids []string) error {
	t.Helper()
	running := ec2.NewInstanceRunningWaiter(api, func(o *ec2.InstanceRunningWaiterOptions) { o.MinDelay, o.MaxDelay = time.Millisecond, time.Millisecond })
	if err := running.Wait(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: ids}, 10*time.Second); err != nil {
		return err
	}
	if _, err := api.StopInstances(t.Context(), &ec2.StopInstancesInput{InstanceIds: ids}); err != nil {
		return err
	}
	stopped := ec2.NewInstanceStoppedWaiter(api, func(o *ec2.InstanceStoppedWaiterOptions) { o.MinDelay, o.MaxDelay = time.Millisecond, time.Millisecond })
	return stopped.Wait(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: ids}, 10*time.Second)
}

func imageOf(t *testing.T, api *ec2.Client, instance string) (*string, error) {
	t.Helper()
	out, err := api.CreateImage(t.Context(), &ec2.CreateImageInput{
		InstanceId: aws.String(instance), Name: aws.String("built"), TagSpecifications: append(tagged(types.ResourceTypeImage), tagged(types.ResourceTypeSnapshot)...),
	})
	if err != nil {
		return nil, err
	}
	ready := ec2.NewImageAvailableWaiter(api, func(o *ec2.ImageAvailableWaiterOptions) { o.MinDelay, o.MaxDelay = time.Millisecond, time.Millisecond })
	return out.ImageId, ready.Wait(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{*out.ImageId}}, 10*time.Second)
}

func TestExactlyWhatABuildNeeds(t *testing.T) {
	t.Parallel()
	c := start(t)
	if err := build(t, c.user(allow(needed...)), c.vendor()); err != nil {
		t.Fatalf("with all it needs: %v", err)
	}
}

// Each permission that is missing is named, and nothing else.
func TestAMissingPermissionIsNamed(t *testing.T) {
	t.Parallel()
	for _, missing := range needed {
		t.Run(missing, func(t *testing.T) {
			t.Parallel()
			c := start(t)
			rest := slices.DeleteFunc(slices.Clone(needed), func(a string) bool { return a == missing })
			err := build(t, c.user(allow(rest...)), c.vendor())
			if err == nil || !strings.Contains(err.Error(), "UnauthorizedOperation") || !strings.Contains(err.Error(), "is not authorized to perform: "+missing+" ") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Without any policy there is nothing to refuse, and a policy that is taken away
// leaves no trace.
func TestWithoutAPolicyEverythingIsAllowed(t *testing.T) {
	t.Parallel()
	c := start(t)
	config := c.user(allow("ec2:DescribeRegions"))
	if _, err := ec2.NewFromConfig(config).DescribeImages(t.Context(), &ec2.DescribeImagesInput{}); err == nil {
		t.Error("the policy has no effect")
	}
	_, err := c.iam.DeleteUserPolicy(t.Context(), &iam.DeleteUserPolicyInput{UserName: aws.String("builder"), PolicyName: aws.String("p")})
	must(t, 0, err)
	if err := build(t, config, c.vendor()); err != nil {
		t.Errorf("without a policy: %v", err)
	}
}

// A build with the permissions that README.md lists.
func TestThePermissionsOfTheReadmeAreEnough(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../README.md")
	must(t, 0, err)
	found := 0
	for _, block := range regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		if !strings.Contains(block[1], `"Statement"`) {
			continue
		}
		found++
		d, err := policy.Parse(policy.Identity, block[1])
		if err != nil {
			t.Fatalf("%v: %s", err, block[1])
		}
		c := start(t)
		raw := statementsOf(t, block[1])
		if err := build(t, c.user(raw...), c.vendor()); err != nil {
			t.Errorf("%d statements: %v", len(d.Statements), err)
		}
	}
	if found == 0 {
		t.Error("README.md has no policy")
	}
}

func statementsOf(t *testing.T, text string) []string {
	t.Helper()
	var d struct{ Statement []json.RawMessage }
	must(t, 0, json.Unmarshal([]byte(text), &d))
	all := make([]string, 0, len(d.Statement))
	for _, s := range d.Statement {
		all = append(all, string(s))
	}
	return all
}
