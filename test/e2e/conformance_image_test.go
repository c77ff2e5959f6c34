//go:build e2e

package e2e

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
)

// imageGroups are about the image alone: its attributes, sharing, tags and end.
var imageGroups = []group{
	{name: "basic", check: checkBasic},
	{name: "force_deregister", template: "force_deregister.pkr.hcl", vars: map[string]string{"name": "force_deregister"}, check: func(t *testing.T, c *conformance, _ string) {
		checkReplaced(t, c, "force_deregister", false)
	}},
	{name: "force_delete_snapshot", template: "force_deregister.pkr.hcl", vars: map[string]string{"name": "force_delete_snapshot"}, check: func(t *testing.T, c *conformance, _ string) {
		checkReplaced(t, c, "force_delete_snapshot", true)
	}},
	{name: "sharing", check: checkSharing},
	{name: "deprecation", check: func(t *testing.T, c *conformance, _ string) { mustBeDeprecated(t, c, c.image(t, home, "deprecation")) }},
	{name: "protection", vars: map[string]string{"name": "protection", "cooldown": "false"}, check: func(t *testing.T, c *conformance, _ string) {
		checkProtection(t, c, "protection", "enabled-without-cooldown", false)
	}},
	{name: "protection_with_cooldown", template: "protection.pkr.hcl", vars: map[string]string{"name": "protection_with_cooldown", "cooldown": "true"}, check: func(t *testing.T, c *conformance, _ string) {
		checkProtection(t, c, "protection_with_cooldown", "enabled-with-cooldown", true)
	}},
	{name: "tags", check: checkTags},
	{name: "run_tags_json", template: "run_tags_json.json", region: oregon, check: func(t *testing.T, c *conformance, _ string) {
		tags := tagsOf(c.image(t, oregon, "run_tags_json").Tags)
		if tags["build_name"] != "amazon-ebs" || tags["simple"] != "Simple String" || tags["version"] == "" {
			t.Errorf("tags: %v", tags)
		}
	}},
	{name: "skip_run_tags", vars: map[string]string{"name": "skip_run_tags"}, check: func(t *testing.T, c *conformance, _ string) {
		mustHaveTags(t, "the image", c.image(t, home, "skip_run_tags").Tags, map[string]string{})
	}},
	{name: "skip_run_tags_with_tags", template: "skip_run_tags.pkr.hcl", vars: map[string]string{"name": "skip_run_tags_with_tags", "tags": `{ami_tag="yes"}`}, check: func(t *testing.T, c *conformance, _ string) {
		mustHaveTags(t, "the image", c.image(t, home, "skip_run_tags_with_tags").Tags, map[string]string{"ami_tag": "yes"})
	}},
	{name: "assume_role", check: checkAssumeRole},
	{name: "data_sources", region: oregon, check: checkDataSources},
}

func checkBasic(t *testing.T, c *conformance, output string) {
	i := c.image(t, home, "basic")
	source := c.debian(t, home)
	if aws.ToString(i.SourceImageId) != source || aws.ToString(i.SourceInstanceId) == "" || i.Architecture != types.ArchitectureValuesX8664 ||
		i.VirtualizationType != types.VirtualizationTypeHvm || i.RootDeviceType != types.DeviceTypeEbs || aws.ToString(i.RootDeviceName) != "/dev/xvda" ||
		aws.ToBool(i.Public) || i.DeprecationTime != nil || aws.ToString(i.PlatformDetails) != "Linux/UNIX" || !aws.ToBool(i.EnaSupport) {
		t.Errorf("image: %+v", i)
	}
	if want := "made by us-east-1 from debian-12-amd64-"; !strings.HasPrefix(aws.ToString(i.Description), want) {
		t.Errorf("description %q", aws.ToString(i.Description))
	}
	mustHaveTags(t, "the image", i.Tags, map[string]string{})
	s := c.snapshotsOf(t, home, i)[0]
	if s.State != types.SnapshotStateCompleted || aws.ToString(s.Progress) != "100%" || aws.ToBool(s.Encrypted) || aws.ToInt32(s.VolumeSize) != 8 {
		t.Errorf("snapshot: %+v", s)
	}
	if !strings.Contains(output, home+": "+*i.ImageId) {
		t.Errorf("packer does not tell of %s:\n%s", *i.ImageId, output)
	}
}

// checkReplaced builds the name again, which fails, and then by force.
func checkReplaced(t *testing.T, c *conformance, name string, snapshots bool) {
	first := c.image(t, home, name)
	old := aws.ToString(c.snapshotsOf(t, home, first)[0].SnapshotId)
	again := group{name: name, template: "force_deregister.pkr.hcl", vars: map[string]string{"name": name}, fails: "is used by an existing AMI: " + *first.ImageId}
	c.run(t, again)
	again.vars = map[string]string{"name": name, "force": "true", "snapshots": "false"}
	if snapshots {
		again.vars["snapshots"] = "true"
	}
	again.fails = ""
	c.run(t, again)
	if !snapshots {
		c.keep(home, "snapshot", old)
	}
	if second := c.image(t, home, name); *second.ImageId == *first.ImageId {
		t.Errorf("%s is still there", *first.ImageId)
	}
	_, err := c.ec2(home).DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{old}})
	var refusal smithy.APIError
	switch {
	case snapshots && (!errors.As(err, &refusal) || refusal.ErrorCode() != "InvalidSnapshot.NotFound"):
		t.Errorf("the snapshot of the old image is to be gone: %v", err)
	case !snapshots && err != nil:
		t.Errorf("the snapshot of the old image is to stay: %v", err)
	}
}

func checkSharing(t *testing.T, c *conformance, _ string) {
	i := c.image(t, home, "sharing")
	out, err := c.ec2(home).DescribeImageAttribute(t.Context(), &ec2.DescribeImageAttributeInput{ImageId: i.ImageId, Attribute: types.ImageAttributeNameLaunchPermission})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, p := range out.LaunchPermissions {
		got[aws.ToString(p.UserId)+string(p.Group)+aws.ToString(p.OrganizationArn)+aws.ToString(p.OrganizationalUnitArn)] = true
	}
	const organizations = "arn:aws:organizations::123456789012:"
	for _, want := range []string{partner, "all", organizations + "organization/o-exampleorg", organizations + "ou/o-exampleorg/ou-examplerootid-exampleouid"} {
		if !got[want] || len(out.LaunchPermissions) != 4 {
			t.Errorf("launch permissions: %v, want %s", got, want)
		}
	}
	if !aws.ToBool(i.Public) {
		t.Error("the image is not public")
	}
	snapshot, err := c.ec2(home).DescribeSnapshotAttribute(t.Context(), &ec2.DescribeSnapshotAttributeInput{
		SnapshotId: c.snapshotsOf(t, home, i)[0].SnapshotId, Attribute: types.SnapshotAttributeNameCreateVolumePermission,
	})
	if err != nil || len(snapshot.CreateVolumePermissions) != 2 {
		t.Errorf("permissions of the snapshot: %+v, %v", snapshot, err)
	}
	found, err := c.partnerEC2(t, home).DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{*i.ImageId}})
	if err != nil || len(found.Images) != 1 {
		t.Errorf("the partner sees %+v, %v", found, err)
	}
}

// mustBeDeprecated checks the date that all groups give: EC2 rounds it to the minute.
func mustBeDeprecated(t *testing.T, c *conformance, i types.Image) {
	t.Helper()
	want, err := time.Parse(time.RFC3339, c.values["deprecate_at"])
	if err != nil {
		t.Fatal(err)
	}
	got, err := time.Parse(time.RFC3339, aws.ToString(i.DeprecationTime))
	if err != nil || !got.Equal(want.Round(time.Minute)) {
		t.Errorf("%s is deprecated at %s, not at %s: %v", *i.ImageId, aws.ToString(i.DeprecationTime), want.Round(time.Minute), err)
	}
}

func checkProtection(t *testing.T, c *conformance, name, want string, cooldown bool) {
	i, api := c.image(t, home, name), c.ec2(home)
	if aws.ToString(i.DeregistrationProtection) != want {
		t.Errorf("protection is %q, not %q", aws.ToString(i.DeregistrationProtection), want)
	}
	if _, err := api.DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: i.ImageId}); err == nil {
		t.Error("a protected image was deregistered")
	}
	if _, err := api.DisableImageDeregistrationProtection(t.Context(), &ec2.DisableImageDeregistrationProtectionInput{ImageId: i.ImageId}); err != nil {
		t.Fatal(err)
	}
	_, err := api.DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: i.ImageId, DeleteAssociatedSnapshots: aws.Bool(true)})
	if (err != nil) != cooldown {
		t.Errorf("after the protection with cooldown %t: %v", cooldown, err)
	}
}

func checkTags(t *testing.T, c *conformance, _ string) {
	i := c.image(t, home, "tags")
	mustHaveTags(t, "the image", i.Tags, map[string]string{"OS_Version": "Debian", "Release": "Latest", "Name": "Bleep"})
	mustHaveTags(t, "the snapshot", c.snapshotsOf(t, home, i)[0].Tags, map[string]string{"OS_Version": "Debian", "Release": "Latest", "Name": "Foobar"})
}

func checkAssumeRole(t *testing.T, c *conformance, _ string) {
	if mine := c.images(t, home, "assume_role"); len(mine) != 0 {
		t.Errorf("the image is in the own account: %+v", mine)
	}
	found, err := c.partnerEC2(t, home).DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"self"}})
	if err != nil || len(found.Images) != 1 || aws.ToString(found.Images[0].Name) != "assume_role" || aws.ToString(found.Images[0].OwnerId) != partner {
		t.Errorf("images of the partner: %+v, %v", found, err)
	}
}

func checkDataSources(t *testing.T, c *conformance, _ string) {
	i := c.image(t, oregon, "data_sources")
	tags := tagsOf(i.Tags)
	if tags["parameter"] != "arn:aws:ssm:us-west-2:123456789012:parameter/conformance/name" || tags["parameter_version"] != "2" || tags["secret"] != "hidden" {
		t.Errorf("tags: %v", tags)
	}
	if !strings.HasPrefix(tags["source_name"], "debian-13-amd64-") {
		t.Errorf("the newest image is %q", tags["source_name"])
	}
}
