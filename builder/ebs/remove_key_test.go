package ebs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/packer-plugin-sdk/multistep"
)

// TestRemoveKey runs the command in a shell, with a home of its own and a sudo that
// does not let anybody in.
func TestRemoveKey(t *testing.T) {
	t.Parallel()
	home, bin := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "sudo"), []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "id"), []byte("#!/bin/sh\necho 1000\n"), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	run := func() (string, error) {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", removeKey("packer_1"))
		cmd.Env = []string{"HOME=" + home, "PATH=" + bin + ":" + os.Getenv("PATH")}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := run(); err != nil || out != "" {
		t.Errorf("without a file: %v %q", err, out)
	}
	file := filepath.Join(home, ".ssh", "authorized_keys")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("ssh-rsa AAAA packer_1\nssh-rsa BBBB alice\nssh-rsa CCCC not_packer_1x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := run()
	if err != nil || !strings.Contains(out, "root") {
		t.Errorf("%v %q", err, out)
	}
	left, err := os.ReadFile(file)
	if err != nil || string(left) != "ssh-rsa BBBB alice\nssh-rsa CCCC not_packer_1x\n" {
		t.Errorf("%v %q", err, left)
	}
}

func TestRemoveKeyOnlyWhereAsked(t *testing.T) {
	t.Parallel()
	for asked, commands := range map[bool]int{true: 1, false: 0} {
		b, m := stagesRig(t, "")
		b.cfg.Comm.SSHClearAuthorizedKeys = asked
		if action := (stepRemoveKey{b}).Run(t.Context(), b.state); action != multistep.ActionContinue || len(m.commands) != commands {
			t.Errorf("ssh_clear_authorized_keys = %t: %d commands", asked, len(m.commands))
		}
	}
}
