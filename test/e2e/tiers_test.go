//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// TestTiers builds the example and goes on with what it left, as a user would.
func TestTiers(t *testing.T) {
	e := startEndpoint(t, "instant")
	keys := e.makeKeys(t, ireland, tokyo)
	dir, prepared := t.TempDir(), len(e.calls(t))
	output := e.mustBuild(t, tiersArgs(dir)...)
	made := e.calls(t)[prepared:]

	base, hybrid, full := e.image(t, home, ami.OSOnly), e.image(t, home, ami.Hybrid), e.image(t, home, ami.Full)
	copies := []ami.Image{e.image(t, ireland, ami.Full), e.image(t, tokyo, ami.Full)}
	held := append(imagesOf(base, hybrid, full), imagesOf(copies...)...)
	slices.Sort(held)
	e.mustHold(t, held, output)

	t.Run("each tier is layered on the one below", func(t *testing.T) {
		if hybrid.Parent != base.ID || full.Parent != hybrid.ID {
			t.Errorf("parents: hybrid %s of %s, full %s of %s", hybrid.Parent, base.ID, full.Parent, hybrid.ID)
		}
		if base.ParentVersion != "" || base.Parent != base.Root || full.Root != base.Root {
			t.Errorf("root: base %s, parent %s, full %s", base.Root, base.Parent, full.Root)
		}
	})
	t.Run("copies are encrypted with their Region's key and shared", func(t *testing.T) {
		for _, c := range copies {
			if c.Version != full.Version {
				t.Errorf("version in %s is %s, not %s", c.Region, c.Version, full.Version)
			}
			e.mustBeEncrypted(t, c.Region, c.ID, keys[c.Region])
			e.mustBeShared(t, c.Region, c.ID)
		}
		e.mustBeShared(t, home, full.ID)
		for _, private := range []ami.Image{base, hybrid} {
			if with := e.sharedWith(t, home, private.ID); len(with) != 0 {
				t.Errorf("%s image is shared with %q", private.Tier, with)
			}
		}
	})
	t.Run("the list of images is written", func(t *testing.T) {
		mustList(t, filepath.Join(dir, "images.json"), append(copies, full))
	})
	t.Run("a machine from the full image is sealed and complete", func(t *testing.T) {
		e.checkSealed(t, full, base)
		e.checkManifest(t, full)
	})
	t.Run("with its user data every tier ends as the same machine", func(t *testing.T) {
		e.checkFirstBoot(t, filepath.Join(dir, "first-boot.mime"), base, hybrid, full)
	})
	t.Run("the shelf life is the same in every Region", func(t *testing.T) { mustExpire(t, append(copies, full, hybrid, base)...) })
	t.Run("the lineage is told everywhere", func(t *testing.T) {
		e.checkLineage(t, filepath.Join(dir, "lineage.json"), copies, full, hybrid, base)
	})
	t.Run("the README tells the permissions", func(t *testing.T) { mustBeAllowed(t, made) })
	t.Run("the second run launches nothing", func(t *testing.T) {
		e.mustChange(t, 0, func() { output = e.mustBuild(t, tiersArgs(dir)...) })
		e.mustHold(t, held, output)
		mustList(t, filepath.Join(dir, "images.json"), append(copies, full))
		e.checkLineage(t, filepath.Join(dir, "lineage.json"), copies, full, hybrid, base)
	})
	t.Run("a new release builds the full image alone", func(t *testing.T) {
		e.mustChange(t, 1, func() { e.mustBuild(t, tiersArgs(dir, "-var", "app_version=1.4.3")...) })
		found, err := ami.Find(t.Context(), e.ec2(home), home, ami.Query{Family: family, Tier: ami.Full})
		if err != nil || len(found) != 2 {
			t.Fatalf("%d full images, %v", len(found), err)
		}
		if found[0].Parent != hybrid.ID {
			t.Errorf("the new full image is built on %s, not on %s", found[0].Parent, hybrid.ID)
		}
	})
}

// mustChange fails unless so many images were made, each with a launch to build and one
// to test it.
func (e *endpoint) mustChange(t *testing.T, want int, during func()) {
	t.Helper()
	before, start := e.calls(t), time.Now()
	during()
	took, calls := time.Since(start), e.calls(t)[len(before):]
	launched, made := count(calls, "RunInstances", "CreateFleet"), count(calls, "CreateImage", "RegisterImage")
	if launched != 2*want || made != want {
		t.Errorf("%d launches and %d images made, not %d and %d", launched, made, 2*want, want)
	}
	if want == 0 {
		if changes := count(calls, "CopyImage", "CreateKeyPair", "ImportKeyPair", "CreateSecurityGroup"); changes != 0 {
			t.Errorf("%d things were made for a build that had nothing to do", changes)
		}
		if took > 30*time.Second {
			t.Errorf("a run with nothing to do took %s", took)
		}
	}
}

func (e *endpoint) mustBeEncrypted(t *testing.T, region, imageID, keyARN string) {
	t.Helper()
	api := e.ec2(region)
	images, err := api.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{imageID}})
	if err != nil || len(images.Images) != 1 {
		t.Fatalf("%s in %s: %v", imageID, region, err)
	}
	var ids []string
	for _, m := range images.Images[0].BlockDeviceMappings {
		if m.Ebs != nil {
			ids = append(ids, aws.ToString(m.Ebs.SnapshotId))
		}
	}
	if len(ids) == 0 {
		t.Fatalf("%s in %s has no snapshots", imageID, region)
	}
	disks, err := api.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{SnapshotIds: ids})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range disks.Snapshots {
		if !aws.ToBool(s.Encrypted) || aws.ToString(s.KmsKeyId) != keyARN {
			t.Errorf("%s in %s: encrypted %t with %s, not with %s", aws.ToString(s.SnapshotId), region, aws.ToBool(s.Encrypted), aws.ToString(s.KmsKeyId), keyARN)
		}
		got, err := api.DescribeSnapshotAttribute(t.Context(), &ec2.DescribeSnapshotAttributeInput{
			SnapshotId: s.SnapshotId, Attribute: types.SnapshotAttributeNameCreateVolumePermission,
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.CreateVolumePermissions) != 1 || aws.ToString(got.CreateVolumePermissions[0].UserId) != partner {
			t.Errorf("%s in %s: volumes may be made by %v", aws.ToString(s.SnapshotId), region, got.CreateVolumePermissions)
		}
	}
}

func (e *endpoint) sharedWith(t *testing.T, region, imageID string) []string {
	t.Helper()
	got, err := e.ec2(region).DescribeImageAttribute(t.Context(), &ec2.DescribeImageAttributeInput{
		ImageId: &imageID, Attribute: types.ImageAttributeNameLaunchPermission,
	})
	if err != nil {
		t.Fatal(err)
	}
	var with []string
	for _, p := range got.LaunchPermissions {
		with = append(with, aws.ToString(p.UserId)+string(p.Group))
	}
	return with
}

// mustBeShared asks both sides: whom the owner names, and what the other sees.
func (e *endpoint) mustBeShared(t *testing.T, region, imageID string) {
	t.Helper()
	if with := e.sharedWith(t, region, imageID); !slices.Equal(with, []string{partner}) {
		t.Errorf("%s in %s is shared with %q", imageID, region, with)
	}
	seen, err := e.partnerEC2(t, region).DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{imageID}})
	if err != nil || len(seen.Images) != 1 {
		t.Errorf("the other account does not see %s in %s: %v", imageID, region, err)
	}
}

// mustList fails unless the file lists exactly these images by Region.
func mustList(t *testing.T, path string, want []ami.Image) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var list map[string]struct {
		Image     string   `json:"image"`
		Snapshots []string `json:"snapshots"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if len(list) != len(want) {
		t.Errorf("%d images are listed, not %d:\n%s", len(list), len(want), text)
	}
	for _, i := range want {
		if got := list[i.Region]; got.Image != i.ID || !slices.Equal(got.Snapshots, i.SnapshotIDs) {
			t.Errorf("%s lists %+v, not %s with %q", i.Region, got, i.ID, i.SnapshotIDs)
		}
	}
}
