package distribute

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// endpoint is the local endpoint with an image of ours and a key in two Regions,
// reached as a user's template would reach AWS: by the environment.
func endpoint(t *testing.T, delays world.Delays) (s *sandboxtest.Started, image string, keys map[string]string) {
	t.Helper()
	s = sandboxtest.Start(t, sandbox.Options{Delays: delays})
	for _, v := range s.Env(s.URL, sandboxtest.Home, home) {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	t.Setenv("GOLDENAMI_LEDGER_DIR", filepath.Join(t.TempDir(), "ledger"))
	keys = make(map[string]string)
	for _, region := range []string{eu, tokyo} {
		key, err := s.KMS(sandboxtest.Home, region).CreateKey(t.Context(), &kms.CreateKeyInput{})
		if err != nil {
			t.Fatal(err)
		}
		keys[region] = aws.ToString(key.KeyMetadata.Arn)
		_, err = s.KMS(sandboxtest.Home, region).CreateAlias(t.Context(), &kms.CreateAliasInput{
			AliasName: aws.String("alias/golden"), TargetKeyId: key.KeyMetadata.KeyId,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return s, ownImage(t, s.EC2(sandboxtest.Home, home)), keys
}

func ownImage(t *testing.T, api *ec2.Client) string {
	t.Helper()
	vendor, err := api.DescribeImages(t.Context(), &ec2.DescribeImagesInput{
		Owners: []string{"136693071363"}, Filters: []types.Filter{{Name: aws.String("name"), Values: []string{"debian-12-*"}}},
	})
	if err != nil || len(vendor.Images) != 1 {
		t.Fatalf("the vendor's image: %v, %v", vendor, err)
	}
	out, err := api.CopyImage(t.Context(), &ec2.CopyImageInput{
		Name: aws.String("web-1"), SourceImageId: vendor.Images[0].ImageId, SourceRegion: aws.String(home),
	})
	if err != nil {
		t.Fatal(err)
	}
	waiter := ec2.NewImageAvailableWaiter(api, func(o *ec2.ImageAvailableWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, 10*time.Millisecond
	})
	if err := waiter.Wait(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{aws.ToString(out.ImageId)}}, time.Minute); err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.ImageId)
}

// valueOf gives the value of a tag, or "".
func valueOf(tags []types.Tag, key string) string {
	for _, t := range tags {
		if aws.ToString(t.Key) == key {
			return aws.ToString(t.Value)
		}
	}
	return ""
}

func TestOnTheLocalEndpoint(t *testing.T) {
	s, source, keys := endpoint(t, world.Delays{})
	const sealed = "seal operations=41 removed=213 bytes=48211004 warnings=0"
	if _, err := s.EC2(sandboxtest.Home, home).CreateTags(t.Context(), &ec2.CreateTagsInput{
		Resources: []string{source}, Tags: ami.EC2Tags(ami.Meta{Run: "r-1", Seal: sealed}.Tags()),
	}); err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t, pp: &PostProcessor{}, ui: &recordingUI{}}
	config := map[string]interface{}{
		"target": []map[string]interface{}{{"regions": []string{eu, tokyo}, "kms_key_id": "alias/golden"}},
		"share":  map[string]interface{}{"accounts": []string{sandboxtest.Partner}},
		"tags":   map[string]string{"team": "web"}, "deprecate_after": "90d", "imds_support": "v2.0", "description": "golden",
	}
	out, _, _, err := r.run(t.Context(), amazonArtifact(home+":"+source), config)
	if err != nil {
		t.Fatal(err)
	}
	images, err := parseID(out.Id())
	if err != nil {
		t.Fatal(err)
	}
	for region, key := range keys {
		seen, err := s.EC2(sandboxtest.Partner, region).DescribeImages(t.Context(), &ec2.DescribeImagesInput{
			ImageIds: []string{images[region]}, ExecutableUsers: []string{"self"},
		})
		if err != nil || len(seen.Images) != 1 || aws.ToString(seen.Images[0].Description) != "golden" {
			t.Fatalf("%s: the partner sees %+v, %v", region, seen, err)
		}
		snapshots, err := s.EC2(sandboxtest.Home, region).DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}})
		if err != nil || len(snapshots.Snapshots) == 0 {
			t.Fatalf("%s: snapshots %+v, %v", region, snapshots, err)
		}
		copied, err := s.EC2(sandboxtest.Home, region).DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{images[region]}})
		if err != nil || len(copied.Images) != 1 || valueOf(copied.Images[0].Tags, "goldenami:seal") != sealed {
			t.Errorf("%s: %+v, %v", region, copied, err)
		}
		for _, snap := range snapshots.Snapshots {
			if valueOf(snap.Tags, "goldenami:seal") != sealed {
				t.Errorf("%s: %s has the tags %+v", region, *snap.SnapshotId, snap.Tags)
			}
			if aws.ToString(snap.KmsKeyId) != key {
				t.Errorf("%s: %s is encrypted with %s, want %s", region, *snap.SnapshotId, aws.ToString(snap.KmsKeyId), key)
			}
		}
	}

	before := len(s.Calls())
	again, _, _, err := r.run(t.Context(), out, config)
	if err != nil || again.Id() != out.Id() {
		t.Fatalf("the second run: %v, %v", again, err)
	}
	for _, c := range s.Calls()[before:] {
		if !strings.HasPrefix(c.Action, "Describe") && !strings.HasPrefix(c.Action, "Get") {
			t.Errorf("the second run calls %s in %s", c.Action, c.Region)
		}
	}
	if err := out.Destroy(); err != nil {
		t.Fatal(err)
	}
	for region := range keys {
		left, err := s.EC2(sandboxtest.Home, region).DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}})
		if err != nil || len(left.Snapshots) != 0 {
			t.Errorf("%s: left %+v, %v", region, left, err)
		}
	}
}

func TestCancelOnTheLocalEndpointLeavesNothing(t *testing.T) {
	s, source, _ := endpoint(t, world.Delays{Regions: map[string]*world.Delays{
		eu: {Copy: world.Duration(time.Hour)}, tokyo: {Copy: world.Duration(time.Hour)},
	}})
	r := &rig{T: t, pp: &PostProcessor{}, ui: &recordingUI{}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r.ui.onSay(func(line string) {
		if strings.HasPrefix(line, eu) && strings.Contains(line, "copying") {
			cancel()
		}
	})
	_, _, _, err := r.run(ctx, amazonArtifact(home+":"+source), map[string]interface{}{
		"target": []map[string]interface{}{{"regions": []string{eu, tokyo}, "kms_key_id": "alias/golden"}},
	})
	wantError(t, err, "canceled", eu, tokyo)
	for _, region := range []string{eu, tokyo} {
		api := s.EC2(sandboxtest.Home, region)
		images, err := api.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"self"}})
		if err != nil || len(images.Images) != 0 {
			t.Errorf("%s: left %+v, %v", region, images, err)
		}
		snapshots, err := api.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}})
		if err != nil || len(snapshots.Snapshots) != 0 {
			t.Errorf("%s: left %+v, %v", region, snapshots, err)
		}
	}
	if left, err := filepath.Glob(os.Getenv("GOLDENAMI_LEDGER_DIR") + "/*.jsonl"); err != nil || len(left) != 0 {
		t.Errorf("a ledger is left: %v, %v", left, err)
	}
}
