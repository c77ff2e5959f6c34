package behaviour_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// copyTests are about copies, keys and who may copy.
var copyTests = map[int]func(t *testing.T){
	19: testTwoSnapshotCopies, 32: testYoungCopy, 33: testCopyFailsLater, 34: testBadKey, 36: testCopyTakesHours, 41: testTwentyCopies, 50: testForeignCopy,
}

// copySnapshot copies a snapshot into the other Region.
func (r *rig) copySnapshot(snapshot string, change ...func(*ec2.CopySnapshotInput)) (string, error) {
	r.t.Helper()
	in := &ec2.CopySnapshotInput{SourceRegion: aws.String(home), SourceSnapshotId: &snapshot}
	for _, f := range change {
		f(in)
	}
	out, err := r.ec2(sandboxtest.Home, away).CopySnapshot(r.t.Context(), in)
	if err != nil {
		return "", err
	}
	return *out.SnapshotId, nil
}

func (r *rig) snapshotAway(id string) types.Snapshot {
	r.t.Helper()
	out, err := r.ec2(sandboxtest.Home, away).DescribeSnapshots(r.t.Context(), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{id}})
	return must(r.t, out, err).Snapshots[0]
}

func testTwoSnapshotCopies(t *testing.T) {
	r := start(t, sandbox.Options{})
	source := r.snapshot()
	first, err := r.copySnapshot(source)
	must(t, first, err)
	if second, err := r.copySnapshot(source); first == must(t, second, err) {
		t.Error("two calls made one snapshot")
	}
}

func testYoungCopy(t *testing.T) {
	r := start(t, sandbox.Options{Delays: world.Delays{Copy: world.Duration(time.Hour)}})
	source := r.snapshot(func(in *ec2.CreateVolumeInput) { in.Encrypted = aws.Bool(true) })
	id, err := r.copySnapshot(source)
	must(t, id, err)
	young := r.snapshotAway(id)
	if young.State != types.SnapshotStatePending || aws.ToString(young.StateMessage) != "Metadata not updated" || *young.VolumeSize != 0 ||
		*young.Encrypted || *young.Progress != "0%" || *young.VolumeId != "vol-ffffffff" {
		t.Errorf("just accepted: %+v", young)
	}
	r.clock.Pass(2 * time.Hour)
	if grown := r.snapshotAway(id); *grown.VolumeSize != 8 || !*grown.Encrypted || *grown.Progress != "100%" {
		t.Errorf("completed: %+v", grown)
	}
}

func testCopyFailsLater(t *testing.T) {
	r := start(t, sandbox.Options{Delays: world.Delays{Copy: world.Duration(time.Minute), Image: world.Duration(time.Hour)}})
	foreign := r.key(home) // a key of the source's Region, not of the copy's
	unfinished := r.snapshot()
	complete := r.snapshot()
	inaccessible := func(in *ec2.CopySnapshotInput) { in.Encrypted, in.KmsKeyId = aws.Bool(true), &foreign }
	late := map[string]string{}
	for message, source := range map[string]string{"Source snapshot is not found.": "snap-0123456789abcdef0", "Source snapshot is not complete": unfinished} {
		id, err := r.copySnapshot(source)
		late[must(t, id, err)] = message
	}
	r.clock.Pass(time.Hour)
	id, err := r.copySnapshot(complete, inaccessible)
	late[must(t, id, err)] = "Given key ID is not accessible"
	r.clock.Pass(time.Hour)
	for id, message := range late {
		if got := r.snapshotAway(id); got.State != types.SnapshotStateError || aws.ToString(got.StateMessage) != message {
			t.Errorf("%s: %s, %q, want %q", id, got.State, aws.ToString(got.StateMessage), message)
		}
	}
}

func testBadKey(t *testing.T) {
	r := start(t, sandbox.Options{})
	source, disabled := r.snapshot(), r.key(away)
	_, err := kms.NewFromConfig(r.config(sandboxtest.Home, away)).DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: &disabled})
	must(t, 0, err)
	with := func(key string) func(*ec2.CopySnapshotInput) {
		return func(in *ec2.CopySnapshotInput) { in.Encrypted, in.KmsKeyId = aws.Bool(true), &key }
	}
	_, err = r.copySnapshot(source, with(disabled))
	r.refused(34, 0, err, "key", disabled)
	asymmetric := r.key(away, func(in *kms.CreateKeyInput) {
		in.KeySpec, in.KeyUsage = kmstypes.KeySpecRsa2048, kmstypes.KeyUsageTypeEncryptDecrypt
	})
	_, err = r.copySnapshot(source, with(asymmetric))
	r.refused(34, 1, err, "key", asymmetric)
}

func testCopyTakesHours(t *testing.T) {
	r := start(t, sandbox.Options{Delays: world.Delays{CopyRate: 1}})
	image := *r.debian().ImageId // 8 GiB at 1 MiB/s
	id, err := r.copied(image, "golden")
	must(t, id, err)
	r.clock.Pass(2 * time.Hour)
	if got := r.imageIn(away, id).State; got != types.ImageStatePending {
		t.Errorf("after two hours it is %s", got)
	}
	r.clock.Pass(time.Hour)
	if got := r.imageIn(away, id).State; got != types.ImageStateAvailable {
		t.Errorf("after three hours it is %s", got)
	}
	for _, bad := range []int64{0, 10, 20, 2895} {
		_, err := r.copied(image, "timed", func(in *ec2.CopyImageInput) { in.SnapshotCopyCompletionDurationMinutes = &bad })
		r.refused(36, 0, err)
	}
}

func testTwentyCopies(t *testing.T) {
	r := start(t, sandbox.Options{Delays: world.Delays{Copy: world.Duration(time.Hour)}})
	source := r.snapshot()
	for range 20 {
		id, err := r.copySnapshot(source)
		must(t, id, err)
	}
	_, err := r.copySnapshot(source)
	r.refused(41, 0, err)
	r.clock.Pass(time.Hour)
	id, err := r.copySnapshot(source)
	must(t, id, err)
}

func testForeignCopy(t *testing.T) {
	r := start(t, sandbox.Options{})
	id, err := r.register("golden")
	must(t, id, err)
	must(t, 0, r.share(id, toAccount(sandboxtest.Partner)))
	foreign := func(image string) error {
		_, err := r.partner().CopyImage(t.Context(), &ec2.CopyImageInput{Name: aws.String("mine"), SourceImageId: &image, SourceRegion: aws.String(home)})
		return err
	}
	own := r.snapshotOf(id)
	if own == "" {
		t.Fatal("no snapshot")
	}
	private := r.snapshot()
	closed, err := r.register("closed", func(in *ec2.RegisterImageInput) { in.BlockDeviceMappings[0].Ebs.SnapshotId = &private })
	must(t, closed, err)
	must(t, 0, r.share(closed, toAccount(sandboxtest.Partner)))
	r.refused(50, 0, foreign(closed))
	r.refused(50, 1, foreign(*r.vendor("679593333241", "*").ImageId))
	r.refused(50, 2, foreign(*r.windows().ImageId))
}

// snapshotOf is the root snapshot of an image.
func (r *rig) snapshotOf(image string) string {
	r.t.Helper()
	for _, m := range r.imageIn(home, image).BlockDeviceMappings {
		if strings.HasPrefix(aws.ToString(m.DeviceName), "/dev/") && m.Ebs != nil {
			return aws.ToString(m.Ebs.SnapshotId)
		}
	}
	return ""
}
