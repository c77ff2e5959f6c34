package behaviour_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

// ruleTests are about states, permissions and lists.
var ruleTests = map[int]func(t *testing.T){
	12: testNotOwner, 42: testWrongState, 43: testGroupInUse, 44: testSnapshotInUse, 45: testDeregistered, 46: testManagedKeyImage,
	47: testManagedKeySnapshot, 48: testPublicBlocked, 49: testAttributes, 51: testPages,
}

func testNotOwner(t *testing.T) {
	r := start(t, sandbox.Options{})
	id := *r.debian().ImageId
	r.refused(12, 0, r.share(id, toAccount(sandboxtest.Partner)), "image", id)
	_, err := r.own().DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: &id})
	r.refused(12, 0, err, "image", id)
}

func testWrongState(t *testing.T) {
	r := start(t, sandbox.Options{})
	id := *r.run().InstanceId
	_, err := r.own().TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}})
	must(t, 0, err)
	r.untilNot(id, types.InstanceStateNameShuttingDown)
	_, err = r.own().StartInstances(t.Context(), &ec2.StartInstancesInput{InstanceIds: []string{id}})
	r.refused(42, 0, err, "instance", id)
	_, err = r.own().CreateImage(t.Context(), &ec2.CreateImageInput{InstanceId: &id, Name: aws.String("late")})
	r.refused(42, 1, err)
}

func testGroupInUse(t *testing.T) {
	r := start(t, sandbox.Options{})
	made, err := r.own().CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{GroupName: aws.String("g"), Description: aws.String("d")})
	group := *must(t, made, err).GroupId
	id := *r.run(func(in *ec2.RunInstancesInput) { in.SecurityGroupIds = []string{group} }).InstanceId
	remove := func() error {
		_, err := r.own().DeleteSecurityGroup(t.Context(), &ec2.DeleteSecurityGroupInput{GroupId: &group})
		return err
	}
	r.refused(43, 0, remove(), "group", group)
	_, err = r.own().TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}})
	must(t, 0, err)
	r.untilNot(id, types.InstanceStateNameShuttingDown)
	must(t, 0, remove())
}

func testSnapshotInUse(t *testing.T) {
	r := start(t, sandbox.Options{})
	snapshot := r.snapshot()
	id, err := r.register("golden", func(in *ec2.RegisterImageInput) { in.BlockDeviceMappings[0].Ebs.SnapshotId = &snapshot })
	must(t, id, err)
	_, err = r.own().DeleteSnapshot(t.Context(), &ec2.DeleteSnapshotInput{SnapshotId: &snapshot})
	r.refused(44, 0, err, "snapshot", snapshot, "image", id)
}

func testDeregistered(t *testing.T) {
	r := start(t, sandbox.Options{})
	snapshot := r.snapshot()
	id, err := r.register("golden", func(in *ec2.RegisterImageInput) { in.BlockDeviceMappings[0].Ebs.SnapshotId = &snapshot })
	must(t, id, err)
	other, err := r.register("other", func(in *ec2.RegisterImageInput) { in.BlockDeviceMappings[0].Ebs.SnapshotId = &snapshot })
	must(t, other, err)
	deregister := func(image string) (*ec2.DeregisterImageOutput, error) {
		return r.own().DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: &image, DeleteAssociatedSnapshots: aws.Bool(true)})
	}
	result := func(image string) string {
		out, err := deregister(image)
		if len(must(t, out, err).DeleteSnapshotResults) != 1 {
			t.Fatalf("results of %s: %+v", image, out.DeleteSnapshotResults)
		}
		return string(out.DeleteSnapshotResults[0].ReturnCode)
	}
	if got := result(id); got != "skipped" {
		t.Errorf("the snapshot of another image too: %s", got)
	}
	if got := result(other); got != "success" {
		t.Errorf("the snapshot of no other image: %s", got)
	}
	_, err = deregister(id)
	r.refused(45, 0, err, "image", id)
}

func testManagedKeyImage(t *testing.T) {
	r := start(t, sandbox.Options{})
	id, err := r.copied(*r.debian().ImageId, "golden", func(in *ec2.CopyImageInput) { in.Encrypted = aws.Bool(true) })
	must(t, id, err)
	_, err = r.ec2(sandboxtest.Home, away).ModifyImageAttribute(t.Context(), &ec2.ModifyImageAttributeInput{
		ImageId: &id, LaunchPermission: toAccount(sandboxtest.Partner),
	})
	r.refused(46, 0, err)
}

func testManagedKeySnapshot(t *testing.T) {
	r := start(t, sandbox.Options{})
	snapshot := r.snapshot(func(in *ec2.CreateVolumeInput) { in.Encrypted = aws.Bool(true) })
	_, err := r.own().ModifySnapshotAttribute(t.Context(), &ec2.ModifySnapshotAttributeInput{
		SnapshotId: &snapshot, CreateVolumePermission: &types.CreateVolumePermissionModifications{Add: []types.CreateVolumePermission{{UserId: aws.String(sandboxtest.Partner)}}},
	})
	r.refused(47, 0, err)
}

func testPublicBlocked(t *testing.T) {
	r := start(t, sandbox.Options{})
	id, err := r.register("golden")
	must(t, id, err)
	_, err = r.own().EnableImageBlockPublicAccess(t.Context(), &ec2.EnableImageBlockPublicAccessInput{
		ImageBlockPublicAccessState: types.ImageBlockPublicAccessEnabledStateBlockNewSharing,
	})
	must(t, 0, err)
	r.refused(48, 0, r.share(id, toAll))
}

func testAttributes(t *testing.T) {
	r := start(t, sandbox.Options{})
	id, err := r.register("golden")
	must(t, id, err)
	modify := func(in *ec2.ModifyImageAttributeInput) error {
		in.ImageId = &id
		_, err := r.own().ModifyImageAttribute(t.Context(), in)
		return err
	}
	text := &types.AttributeValue{Value: aws.String("v2.0")}
	r.refused(49, 0, modify(&ec2.ModifyImageAttributeInput{Description: text, ImdsSupport: text}))
	r.refused(49, 1, modify(&ec2.ModifyImageAttributeInput{}))
	r.refused(49, 2, r.share(id, toAccount("123")), "account", "123 ")
}

func testPages(t *testing.T) {
	r := start(t, sandbox.Options{})
	_, err := r.own().DescribeImages(t.Context(), &ec2.DescribeImagesInput{MaxResults: aws.Int32(1)})
	r.refused(51, 0, err)
	_, err = r.own().DescribeImages(t.Context(), &ec2.DescribeImagesInput{MaxResults: aws.Int32(5), ImageIds: []string{*r.debian().ImageId}})
	r.refused(51, 1, err)
	seen, pages := map[string]bool{}, 0
	for page := ec2.NewDescribeImagesPaginator(r.own(), &ec2.DescribeImagesInput{MaxResults: aws.Int32(5)}); page.HasMorePages(); pages++ {
		out, err := page.NextPage(t.Context())
		for _, image := range must(t, out, err).Images {
			if seen[*image.ImageId] {
				t.Errorf("%s comes twice", *image.ImageId)
			}
			seen[*image.ImageId] = true
		}
	}
	if whole := len(r.images(&ec2.DescribeImagesInput{})); pages < 2 || len(seen) != whole {
		t.Errorf("%d pages have %d images of %d", pages, len(seen), whole)
	}
	if strings.Contains(r.kept().body, "nextToken") {
		t.Error("an answer without pages has a token")
	}
}
