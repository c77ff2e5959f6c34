package ebs

import (
	"encoding/base64"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

// windowsRig is stagesRig for a family of Windows.
func windowsRig(t *testing.T) (*build, *machine) {
	t.Helper()
	note := filepath.Join(t.TempDir(), "note.txt")
	if err := os.WriteFile(note, []byte("a note"), 0o600); err != nil {
		t.Fatal(err)
	}
	var c Config
	_, err := c.prepare(layered(fields{"communicator": "winrm", "winrm_username": "Administrator", "stage": []fields{
		{"name": "patch", "tier": "hybrid", "inline": []string{"Get-Date"}, "environment": map[string]string{"TOKEN": "s3cret"}, "files": []string{note}},
		{"name": "app", "tier": "full", "inline": []string{"Get-Host"}},
	}}))
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, output: &output{}}
	b := &build{cfg: &c, ui: r.ui(), state: new(multistep.BasicStateBag), runID: "run-1"}
	m := &machine{uploads: map[string]string{}}
	b.state.Put("communicator", m)
	return b, m
}

// decodedCommand gives the lines of an encoded command.
func decodedCommand(t *testing.T, command string) string {
	t.Helper()
	_, encoded, found := strings.Cut(command, "-EncodedCommand ")
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if !found || err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	var units []uint16
	for ; len(raw) > 0; raw = raw[2:] {
		units = append(units, binary.LittleEndian.Uint16(raw))
	}
	return string(utf16.Decode(units))
}

func TestStagesOfWindowsArePowerShell(t *testing.T) {
	t.Parallel()
	b, m := windowsRig(t)
	if action := (stepRunStages{b}).Run(t.Context(), b.state); action != multistep.ActionContinue {
		t.Fatal(b.state.Get("error"))
	}
	const dir = "C:/ProgramData/goldenami/build-run-1"
	if len(m.uploads) != 1 || m.uploads[dir+"/patch.ps1"] != string(stage.Render(b.cfg.stages[0])) {
		t.Errorf("uploaded %q", m.uploads)
	}
	if !strings.Contains(m.uploads[dir+"/patch.ps1"], base64.StdEncoding.EncodeToString([]byte("a note"))) {
		t.Error("the stage's file is not with it")
	}
	if len(m.commands) != 3 || m.commands[1] != "powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File "+dir+"/patch.ps1" {
		t.Fatalf("commands %q", m.commands)
	}
	if made := decodedCommand(t, m.commands[0]); !strings.Contains(made, "New-Item -ItemType Directory -Path '"+dir+"'") || !strings.Contains(made, "/inheritance:r") {
		t.Errorf("first %s", made)
	}
	if gone := decodedCommand(t, m.commands[2]); !strings.Contains(gone, "Remove-Item -Recurse -Force -LiteralPath '"+dir+"'") {
		t.Errorf("last %s", gone)
	}
	if strings.Contains(strings.Join(m.commands, " "), "s3cret") {
		t.Error("a stage's environment is in a command line")
	}
}

func TestAFailedStageOfWindowsEndsTheBuild(t *testing.T) {
	t.Parallel()
	b, m := windowsRig(t)
	m.failAt = "patch.ps1"
	if action := (stepRunStages{b}).Run(t.Context(), b.state); action != multistep.ActionHalt {
		t.Fatal("the build goes on")
	}
	if err, _ := b.state.Get("error").(error); err == nil || !strings.Contains(err.Error(), "stage patch") || !strings.Contains(err.Error(), "exit code 3") {
		t.Errorf("error %v", err)
	}
}

func TestFormatFollowsTheCommunicator(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ communicator, format, begins string }{
		{"ssh", "", "Content-Type: multipart/mixed"},
		{"ssh", "auto", "Content-Type: multipart/mixed"},
		{"winrm", "auto", "<powershell>"},
		{"winrm", "ec2launch-v2", "version: 1.1"},
		{"ssh", "powershell", "<powershell>"},
	} {
		var config Config
		_, err := config.prepare(layered(fields{
			"communicator": c.communicator, "ssh_username": "x", "winrm_username": "x", "first_boot": fields{"format": c.format},
			"stage": []fields{{"name": "a", "tier": "full", "inline": []string{"x"}}},
		}))
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		if data, err := config.firstBootData(); err != nil || !strings.HasPrefix(string(data), c.begins) {
			t.Errorf("%+v: %v, user data %.60q", c, err, data)
		}
	}
}
