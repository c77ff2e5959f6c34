package behaviour_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// imageTests are about names, tokens and what is visible when.
var imageTests = map[int]func(t *testing.T){
	16: testSameToken, 17: testOtherParameters, 18: testNoToken, 20: testNameTaken, 21: testCopyTakesTakenName, 22: testNoName,
	23: testLeftByALostAnswer, 24: testDryRun, 25: testImageNotVisible, 26: testLeftOut, 28: testInstanceNotVisible,
	29: testSnapshotNotVisible, 30: testTagsAndDevicesLate, 31: testNewProfile,
}

func once(in *ec2.CopyImageInput) { in.ClientToken = aws.String("once") }

func testSameToken(t *testing.T) {
	r := start(t, sandbox.Options{})
	image := *r.debian().ImageId
	first, err := r.copied(image, "copy", once)
	must(t, first, err)
	again, err := r.copied(image, "copy", once)
	must(t, again, err)
	if first != again {
		t.Errorf("the token gave %s and %s", first, again)
	}
	run := func(in *ec2.RunInstancesInput) { in.ClientToken = aws.String("launch") }
	if a, b := r.run(run), r.run(run); *a.InstanceId != *b.InstanceId {
		t.Errorf("the token launched %s and %s", *a.InstanceId, *b.InstanceId)
	}
}

func testOtherParameters(t *testing.T) {
	r := start(t, sandbox.Options{})
	image := *r.debian().ImageId
	id, err := r.copied(image, "copy", once)
	must(t, id, err)
	_, err = r.copied(image, "other", once)
	r.refused(17, 0, err, "token", "once")
}

func testNoToken(t *testing.T) {
	r := start(t, sandbox.Options{})
	r.extra = "&ClientToken=x"
	c, text := r.own(), aws.String("x")
	_, err := c.CreateImage(t.Context(), &ec2.CreateImageInput{InstanceId: text, Name: text})
	r.refused(18, 0, err)
	_, err = c.RegisterImage(t.Context(), &ec2.RegisterImageInput{Name: text})
	r.refused(18, 0, err)
	_, err = c.CopySnapshot(t.Context(), &ec2.CopySnapshotInput{SourceRegion: aws.String(home), SourceSnapshotId: text})
	r.refused(18, 0, err)
	_, err = c.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: text})
	r.refused(18, 0, err)
	_, err = c.CreateKeyPair(t.Context(), &ec2.CreateKeyPairInput{KeyName: text})
	r.refused(18, 0, err)
	_, err = c.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{GroupName: text, Description: text})
	r.refused(18, 0, err)
}

func testNameTaken(t *testing.T) {
	r := start(t, sandbox.Options{})
	first, err := r.register("golden")
	must(t, first, err)
	_, err = r.register("golden")
	r.refused(20, 0, err, "name", "golden", "image", first)
	_, err = r.own().CreateImage(t.Context(), &ec2.CreateImageInput{InstanceId: r.run().InstanceId, Name: aws.String("golden")})
	r.refused(20, 0, err, "name", "golden", "image", first)
}

func testCopyTakesTakenName(t *testing.T) {
	r := start(t, sandbox.Options{})
	image := *r.debian().ImageId
	first, err := r.copied(image, "golden")
	must(t, first, err)
	second, err := r.copied(image, "golden")
	must(t, second, err)
	if first == second {
		t.Error("one image was made, want two of one name")
	}
}

func testNoName(t *testing.T) {
	r := start(t, sandbox.Options{})
	for _, name := range []string{"ab", strings.Repeat("x", 129), "no:colon", "no#sign"} {
		_, err := r.register(name)
		r.refused(22, 0, err)
		_, err = r.copied(*r.debian().ImageId, name)
		r.refused(22, 0, err)
	}
}

func testLeftByALostAnswer(t *testing.T) {
	r := start(t, sandbox.Options{})
	keyPair := func() error {
		_, err := r.own().CreateKeyPair(t.Context(), &ec2.CreateKeyPairInput{KeyName: aws.String("k"), KeyType: types.KeyTypeEd25519})
		return err
	}
	must(t, 0, keyPair())
	r.refused(23, 0, keyPair())
	group := func() (*ec2.CreateSecurityGroupOutput, error) {
		return r.own().CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{GroupName: aws.String("g"), Description: aws.String("d")})
	}
	made, err := group()
	must(t, made, err)
	_, err = group()
	r.refused(23, 1, err, "name", "g")
	open := func() error {
		_, err := r.own().AuthorizeSecurityGroupIngress(t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{
			GroupId: made.GroupId, IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), CidrIp: aws.String("192.0.2.1/32"),
		})
		return err
	}
	must(t, 0, open())
	r.refused(23, 2, open(), "rule", "peer: 192.0.2.1/32, TCP, from port: 22, to port: 22, ALLOW")
}

func testDryRun(t *testing.T) {
	r := start(t, sandbox.Options{})
	_, err := r.copied(*r.debian().ImageId, "golden", func(in *ec2.CopyImageInput) { in.DryRun = aws.Bool(true) })
	r.refused(24, 0, err)
	out, err := r.ec2(sandboxtest.Home, away).DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"self"}})
	if n := len(must(t, out, err).Images); n != 0 {
		t.Errorf("the dry run made %d images", n)
	}
}

func testImageNotVisible(t *testing.T) {
	r := start(t, sandbox.Options{})
	id, err := r.register("golden")
	must(t, id, err)
	r.World().Hide(id, r.clock.Now().Add(time.Minute))
	_, err = r.own().DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{id}})
	r.refused(25, 0, err, "image", id)
	_, err = r.own().CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{id}, Tags: []types.Tag{{Key: aws.String("k")}}})
	r.refused(25, 0, err, "image", id)
	r.refused(25, 0, r.share(id, toAccount(sandboxtest.Partner)), "image", id)
	_, err = r.own().EnableImageDeprecation(t.Context(), &ec2.EnableImageDeprecationInput{ImageId: &id, DeprecateAt: aws.Time(r.clock.Now().Add(time.Hour))})
	r.refused(25, 0, err, "image", id)
	r.clock.Pass(time.Minute)
	r.imageIn(home, id)
	_, err = r.own().DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{"ami-golden"}})
	r.refused(25, 1, err, "image", "ami-golden")
}

func testLeftOut(t *testing.T) {
	r := start(t, sandbox.Options{})
	id, err := r.register("golden")
	must(t, id, err)
	see := func(c *ec2.Client) int {
		out, err := c.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{id}})
		return len(must(t, out, err).Images)
	}
	if n := see(r.partner()); n != 0 {
		t.Errorf("an account with which it is not shared sees %d images", n)
	}
	if !strings.Contains(r.kept().body, "<imagesSet></imagesSet>") {
		t.Errorf("no empty set: %s", r.kept().body)
	}
	_, err = r.own().DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: &id})
	must(t, 0, err)
	if n := see(r.own()); n != 0 {
		t.Errorf("the owner sees %d images that are gone", n)
	}
}

func testInstanceNotVisible(t *testing.T) {
	r := start(t, sandbox.Options{})
	id := *r.run().InstanceId
	r.World().Hide(id, r.clock.Now().Add(time.Minute))
	_, err := r.own().DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	r.refused(28, 0, err, "instance", id)
	_, err = r.own().TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}})
	r.refused(28, 0, err, "instance", id)
}

func testSnapshotNotVisible(t *testing.T) {
	r := start(t, sandbox.Options{})
	const gone = "snap-0123456789abcdef0"
	_, err := r.own().DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{gone}})
	r.refused(29, 0, err, "snapshot", gone)
	_, err = r.register("golden", func(in *ec2.RegisterImageInput) { in.BlockDeviceMappings[0].Ebs.SnapshotId = aws.String(gone) })
	r.refused(29, 1, err, "snapshot", gone)
	late := r.snapshot()
	r.World().Hide(late, r.clock.Now().Add(time.Minute))
	_, err = r.own().DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{late}})
	r.refused(29, 0, err, "snapshot", late)
}

func testTagsAndDevicesLate(t *testing.T) {
	r := start(t, sandbox.Options{})
	r.disk()
	r.World().Do(func() { r.World().Delays.Visible = world.Duration(time.Minute) })
	tagged := func(in *ec2.RegisterImageInput) {
		in.TagSpecifications = []types.TagSpecification{{ResourceType: types.ResourceTypeImage, Tags: []types.Tag{{Key: aws.String("run"), Value: aws.String("1")}}}}
	}
	for _, name := range strings.Split("abc def ghi jkl mno pqr stu vwx yza bcd efg hij klm nop qrs tuv wxy zab cde fgh", " ") {
		id, err := r.register(name, tagged)
		must(t, id, err)
	}
	untagged, bare := false, false
	for range 60 {
		for _, image := range r.images(&ec2.DescribeImagesInput{Owners: []string{"self"}}) {
			untagged = untagged || len(image.Tags) == 0
			bare = bare || len(image.BlockDeviceMappings) == 0
		}
		r.clock.Pass(2 * time.Second)
	}
	if !untagged || !bare {
		t.Errorf("seen without tags: %t, without devices: %t", untagged, bare)
	}
}

func testNewProfile(t *testing.T) {
	r := start(t, sandbox.Options{Delays: world.Delays{Identity: world.Duration(16 * time.Second)}})
	api, fresh := iam.NewFromConfig(r.config(sandboxtest.Home, home)), aws.String("fresh")
	const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	_, err := api.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: fresh, AssumeRolePolicyDocument: aws.String(trust)})
	must(t, 0, err)
	_, err = api.CreateInstanceProfile(t.Context(), &iam.CreateInstanceProfileInput{InstanceProfileName: fresh})
	must(t, 0, err)
	_, err = api.AddRoleToInstanceProfile(t.Context(), &iam.AddRoleToInstanceProfileInput{InstanceProfileName: fresh, RoleName: fresh})
	must(t, 0, err)
	launch := func() error {
		_, err := r.own().RunInstances(t.Context(), &ec2.RunInstancesInput{
			ImageId: r.debian().ImageId, InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
			IamInstanceProfile: &types.IamInstanceProfileSpecification{Name: fresh},
		})
		return err
	}
	r.refused(31, 0, launch(), "profile", "fresh")
	r.clock.Pass(16 * time.Second)
	must(t, 0, launch())
}
