package seal_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
)

// The launcher finds id, sudo and doas in PATH: here they are ours. What it runs
// as "root" only prints.
func TestLauncherBecomesRootByWhatTheGuestHas(t *testing.T) {
	t.Parallel()
	const grants = "#!/bin/sh\n[ \"$1\" = -n ] || exit 9\nshift\nBY=%s exec \"$@\"\n"
	const asks = "#!/bin/sh\necho 'a password is required' >&2\nexit 1\n"
	cases := map[string]struct {
		uid, sudo, doas string
		status          int
		want            string
	}{
		"root":                     {uid: "0", sudo: asks, want: "ran by \n"},
		"sudo":                     {uid: "1000", sudo: strings.ReplaceAll(grants, "%s", "sudo"), want: "ran by sudo\n"},
		"doas":                     {uid: "1000", doas: strings.ReplaceAll(grants, "%s", "doas"), want: "ran by doas\n"},
		"doas where sudo asks":     {uid: "1000", sudo: asks, doas: strings.ReplaceAll(grants, "%s", "doas"), want: "ran by doas\n"},
		"sudo asks for a password": {uid: "1000", sudo: asks, status: seal.ExitNoRoot},
		"no way to root at all":    {uid: "1000", status: seal.ExitNoRoot},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bin := t.TempDir()
			for tool, script := range map[string]string{"id": "#!/bin/sh\necho " + c.uid + "\n", "sudo": c.sudo, "doas": c.doas, "true": "#!/bin/sh\n"} {
				if script == "" {
					continue
				}
				if err := os.WriteFile(filepath.Join(bin, tool), []byte(script), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", seal.Launcher)
			cmd.Env = []string{"PATH=" + bin}
			cmd.Stdin = strings.NewReader("echo \"ran by ${BY:-}\"\n")
			var out, diagnostics bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &diagnostics
			err := cmd.Run()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if got := cmd.ProcessState.ExitCode(); got != c.status || out.String() != c.want {
				t.Errorf("status %d, printed %q, said %q", got, out.String(), diagnostics.String())
			}
			if (c.status != 0) != strings.Contains(diagnostics.String(), "neither root") {
				t.Errorf("said %q", diagnostics.String())
			}
		})
	}
}

// asRoot gives a directory whose id says that everybody is root.
func asRoot(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "id"), []byte("#!/bin/sh\necho 0\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestNearestOperationIsNamed(t *testing.T) {
	t.Parallel()
	for wrong, right := range map[string]string{"host-keys": "ssh-host-keys", "machineid": "machine-id", "log": "logs", "cloudinit": "cloud-init", "Hostname": "hostname"} {
		o := options(t, "/nowhere", seal.ModeSeal)
		o.Skip = []string{wrong}
		if err := o.Validate(); err == nil || !strings.Contains(err.Error(), `did you mean "`+right+`"`) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}
