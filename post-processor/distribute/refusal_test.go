package distribute

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/distribution/fakeaws"
)

func TestFailedRegionIsSweptAndTheOthersAreKept(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.cloud.FailCopy[eu] = "no key"
	source := r.cloud.AddImage(home, "web", "", nil)
	file := filepath.Join(t.TempDir(), "images.json")
	out, keep, force, err := r.run(t.Context(), goldenArtifact(home+":"+source), map[string]interface{}{
		"target":  []map[string]interface{}{{"regions": []string{eu, tokyo}}},
		"outputs": map[string]interface{}{"json": file},
	})
	wantError(t, err, "1 of 3 Regions are not done", eu, "no key", "finished and kept: ami-", "in "+tokyo)
	if out != nil {
		t.Errorf("artifact %v, keep %v, force %v", out, keep, force)
	}
	if n := len(r.cloud.Images(eu)); n != 0 {
		t.Errorf("%d images are left in %s", n, eu)
	}
	if n := len(r.cloud.Images(tokyo)); n != 1 {
		t.Errorf("%d images in %s, want the finished one", n, tokyo)
	}
	data, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(data), eu) || !strings.Contains(string(data), tokyo) {
		t.Errorf("outputs: %s, %v", data, err)
	}
	if !r.ui.said("ERROR "+eu) || !r.ui.said("Removing what is not finished: 1") {
		t.Errorf("said: %q", r.ui.lines)
	}
}

func TestCancelSweepsWhatIsNotFinished(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.cloud.RegionTakes[eu] = time.Hour
	source := r.cloud.AddImage(home, "web", "", nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r.ui.onSay(func(line string) {
		if strings.Contains(line, eu) && strings.Contains(line, "copying") {
			cancel()
		}
	})
	begun := time.Now()
	_, _, _, err := r.run(ctx, goldenArtifact(home+":"+source), map[string]interface{}{
		"target": []map[string]interface{}{{"regions": []string{eu}}},
	})
	wantError(t, err, "canceled")
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	if n := len(r.cloud.Images(eu)); n != 0 {
		t.Errorf("%d images are left", n)
	}
	if len(r.cloud.Images(home)) != 1 {
		t.Error("the builder's image is gone")
	}
}

func TestCancelledContextBeginsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, keep, force, err := r.pp.PostProcess(ctx, r.ui, amazonArtifact(home+":ami-00000001"))
	wantError(t, err, "not begun")
	if !keep || !force || len(r.cloud.Calls()) != 0 {
		t.Errorf("keep %v, force %v, calls %v", keep, force, r.cloud.Calls())
	}
}

func TestPreflightStopsBeforeTheFirstCopy(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	source := r.cloud.AddImage(home, "web", "", nil)
	_, _, _, err := r.run(t.Context(), amazonArtifact(home+":"+source), twoTargets(""))
	wantError(t, err, "nothing was copied", "key alias/golden does not exist in "+eu, "key alias/golden does not exist in "+tokyo)
	for _, c := range r.cloud.Calls() {
		if c.Op == "CopyImage" {
			t.Error("copied all the same")
		}
	}
}

func TestRefusesOtherArtifacts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ builder, id, says string }{
		"docker":      {"packer.docker", "sha256:1", "packer.docker"},
		"volumes":     {"mitchellh.amazon.ebsvolume", home + ":vol-00000001", "ebsvolume"},
		"no image":    {"mitchellh.amazonebs", "", "skip_create_ami"},
		"not an ami":  {"mitchellh.amazonebs", home + ":vol-00000001", "REGION:AMI"},
		"no Region":   {"goldenami.ebs", "x:ami-00000001", "REGION:AMI"},
		"two in one":  {"goldenami.ebs", home + ":ami-00000001," + home + ":ami-00000002", "two images in " + home},
		"trailing":    {"goldenami.ebs", home + ":ami-00000001,", "REGION:AMI"},
		"injected id": {"goldenami.ebs", home + ":ami-00000001\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readInput(&packersdk.MockArtifact{BuilderIdValue: c.builder, IdValue: c.id})
			if c.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, c.says)
		})
	}
	if _, err := readInput(nil); err == nil {
		t.Error("no artifact is no error")
	}
}

func TestOutputsThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	source := r.cloud.AddImage(home, "web", "", nil)
	_, _, _, err := r.run(t.Context(), goldenArtifact(home+":"+source), map[string]interface{}{
		"target":  []map[string]interface{}{{"regions": []string{eu}}},
		"outputs": map[string]interface{}{"json": filepath.Join(t.TempDir(), "missing", "images.json")},
	})
	wantError(t, err, "outputs: json", "nothing was copied")
	if len(r.cloud.Images(eu)) != 0 {
		t.Error("copied all the same")
	}
}

func TestFailedCallIsToldInAWSsWords(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.cloud.Fail(eu, "CopyImage", fakeaws.Error("UnauthorizedOperation", "You are not authorized to perform this operation."))
	source := r.cloud.AddImage(home, "web", "", nil)
	_, _, _, err := r.run(t.Context(), goldenArtifact(home+":"+source), map[string]interface{}{
		"target": []map[string]interface{}{{"regions": []string{eu}}},
	})
	wantError(t, err, eu, "UnauthorizedOperation: You are not authorized")
}
