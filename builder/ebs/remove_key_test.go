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

// TestRemoveKeyTakesNamesAsTheyAre gives names that mean something to sh, grep or sed:
// exactly the line of that name goes, and nothing of it is run. The sudo of this test
// puts root's file into the test's own home.
func TestRemoveKeyTakesNamesAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"it's", "a'; touch ran; '", "$(touch ran)", "`touch ran`", `a"b`, "a/b", "a.c", "[ab]*", `back\slash`, "^x$", "a&b"} {
		home, bin := t.TempDir(), t.TempDir()
		for program, text := range map[string]string{
			"id":   "echo 1000",
			"sudo": `[ "$2" = true ] && exit 0; program=$(printf %s "$4" | sed "s|/root|$HOME/root|g"); name=$6; exec sh -c "$program" sh "$name"`,
		} {
			if err := os.WriteFile(filepath.Join(bin, program), []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil { //nolint:gosec // a program
				t.Fatal(err)
			}
		}
		kept := "ssh-rsa AAAA abc\nssh-rsa BBBB alice\n"
		for _, dir := range []string{home, filepath.Join(home, "root")} {
			if err := os.MkdirAll(filepath.Join(dir, ".ssh"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, ".ssh", "authorized_keys"), []byte(kept+"ssh-rsa CCCC "+name+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.CommandContext(t.Context(), "sh", "-c", removeKey(name))
		cmd.Dir, cmd.Env = home, []string{"HOME=" + home, "PATH=" + bin + ":" + os.Getenv("PATH")}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%q: %v %s", name, err, out)
		}
		for _, dir := range []string{home, filepath.Join(home, "root")} {
			if left, err := os.ReadFile(filepath.Join(dir, ".ssh", "authorized_keys")); err != nil || string(left) != kept {
				t.Errorf("%q in %s: %v %q", name, dir, err, left)
			}
		}
		if _, err := os.Stat(filepath.Join(home, "ran")); err == nil {
			t.Errorf("%q was run", name)
		}
	}
}
