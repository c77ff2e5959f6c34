package ebs

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/packer-plugin-sdk/multistep"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

// machine is a communicator that remembers, and fails where a test wants it.
type machine struct {
	packersdk.MockCommunicator
	commands []string
	uploads  map[string]string
	failAt   string
	prints   map[string]string // what a command prints that holds the words
}

func (m *machine) Start(_ context.Context, cmd *packersdk.RemoteCmd) error {
	m.commands = append(m.commands, cmd.Command)
	code := 0
	if m.failAt != "" && strings.Contains(cmd.Command, m.failAt) {
		code = 3
	}
	for words, text := range m.prints {
		if strings.Contains(cmd.Command, words) {
			if _, err := io.WriteString(cmd.Stdout, text); err != nil {
				return err
			}
		}
	}
	cmd.SetExited(code)
	return nil
}

func (m *machine) Upload(path string, r io.Reader, _ *os.FileInfo) error {
	text, err := io.ReadAll(r)
	m.uploads[path] = string(text)
	return err
}

func stagesRig(t *testing.T, baseTier string) (*build, *machine) {
	t.Helper()
	var c Config
	_, err := c.prepare(layered(fields{"communicator": "ssh", "ssh_username": "x", "stage": []fields{
		{"name": "patch", "tier": "os-only", "inline": []string{"echo patch"}},
		{"name": "java", "tier": "hybrid", "inline": []string{"echo java"}, "environment": map[string]string{"TOKEN": "s3cret"}},
		{"name": "app", "tier": "full", "inline": []string{"echo app"}},
	}}))
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, output: &output{}}
	b := &build{cfg: &c, ui: r.ui(), state: new(multistep.BasicStateBag), runID: "run-1"}
	b.base.Tier = ami.Tier(baseTier)
	m := &machine{uploads: map[string]string{}}
	b.state.Put("communicator", m)
	return b, m
}

func TestStagesOfThisTierRunOnItsParent(t *testing.T) {
	t.Parallel()
	b, m := stagesRig(t, "os-only")
	if action := (stepRunStages{b}).Run(t.Context(), b.state); action != multistep.ActionContinue {
		t.Fatal(b.state.Get("error"))
	}
	if len(m.uploads) != 1 {
		t.Fatalf("uploaded %d programs", len(m.uploads))
	}
	for path, text := range m.uploads {
		if text != string(stage.Render(b.cfg.stages[1])) || !strings.HasPrefix(path, "/tmp/goldenami-run-1/") {
			t.Errorf("%s: %s", path, text)
		}
	}
	all := strings.Join(m.commands, "\n")
	if strings.Contains(all, "s3cret") {
		t.Error("a stage's environment is in a command line")
	}
	if !strings.Contains(m.commands[0], "umask 077") || !strings.Contains(m.commands[len(m.commands)-1], "rm -rf /tmp/goldenami-run-1") {
		t.Errorf("commands:\n%s", all)
	}
}

func TestStagesOfLowerTiersRunWithoutAParent(t *testing.T) {
	t.Parallel()
	b, m := stagesRig(t, "")
	if action := (stepRunStages{b}).Run(t.Context(), b.state); action != multistep.ActionContinue {
		t.Fatal(b.state.Get("error"))
	}
	if len(m.uploads) != 2 {
		t.Errorf("ran %d stages", len(m.uploads))
	}
}

func TestAFailedStageEndsTheBuild(t *testing.T) {
	t.Parallel()
	b, m := stagesRig(t, "")
	m.failAt = "patch.sh"
	if action := (stepRunStages{b}).Run(t.Context(), b.state); action != multistep.ActionHalt {
		t.Fatal("the build goes on")
	}
	err, _ := b.state.Get("error").(error)
	if err == nil || !strings.Contains(err.Error(), "stage patch") || !strings.Contains(err.Error(), "exit code 3") {
		t.Errorf("error %v", err)
	}
	if len(m.uploads) != 1 {
		t.Error("the next stage ran")
	}
}
