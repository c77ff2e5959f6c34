package ebs

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

func TestUserDataForFirstBootIsWrittenForItsOwner(t *testing.T) {
	t.Parallel()
	b, _ := stagesRig(t, "os-only")
	path := filepath.Join(t.TempDir(), "boot.sh")
	if err := os.WriteFile(path, []byte("older"), 0o644); err != nil { //nolint:gosec // the step must tighten it
		t.Fatal(err)
	}
	b.cfg.FirstBoot.File = path
	if action := (stepWriteFirstBoot{b}).Run(t.Context(), b.state); action != multistep.ActionContinue {
		t.Fatal(b.state.Get("error"))
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := stage.UserData(stage.CloudInit, b.cfg.stages, nil)
	if err != nil || !bytes.Equal(got, want) || !strings.HasPrefix(string(got), "Content-Type: multipart/mixed;") {
		t.Errorf("%v, wrote:\n%s", err, got)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a stage's environment is in a file of mode %v, %v", info.Mode(), err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestUserDataThatCannotBeWrittenFailsTheBuild(t *testing.T) {
	t.Parallel()
	b, _ := stagesRig(t, "os-only")
	b.cfg.FirstBoot.File = filepath.Join(t.TempDir(), "gone", "boot.sh")
	if action := (stepWriteFirstBoot{b}).Run(t.Context(), b.state); action != multistep.ActionHalt {
		t.Fatal("the build went on")
	}
	if err, _ := b.state.Get("error").(error); err == nil || !strings.Contains(err.Error(), "first_boot: file:") {
		t.Errorf("the error does not name the option: %v", err)
	}
}
