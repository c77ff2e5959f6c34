package seal_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// A disk of its own is overwritten to its end, behind its header.
func TestSwapDevicesAreOverwritten(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can make a device of a file")
	}
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		disk := filepath.Join(t.TempDir(), "disk")
		header, behind := sealtest.SwapHeader(4096), 3<<20-4096
		if err := os.WriteFile(disk, []byte(header+strings.Repeat("x", behind)), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "losetup", "--find", "--show", disk).CombinedOutput()
		device := strings.TrimSpace(string(out))
		if err != nil {
			t.Skipf("this machine has no loop devices: %s", device)
		}
		t.Cleanup(func() {
			if out, err := exec.Command("losetup", "--detach", device).CombinedOutput(); err != nil { //nolint:noctx // the test's context has ended
				t.Errorf("%v: %s", err, out)
			}
		})
		for _, c := range []struct{ more, want string }{
			{`kept() { [ "$1" = "` + device + `" ]; }`, "removed 0 \n"},
			{"", "off " + device + "\nremoved 1 \n"},
			{"", "off " + device + "\nremoved 0 \n"}, // nothing is left to overwrite
		} {
			if got := swapSealed(t, sh, t.TempDir(), device+" partition 3068 12 -2", c.more); got != c.want {
				t.Errorf("%q gives %q", c.more, got)
			}
		}
		text, err := os.ReadFile(device)
		if err != nil || string(text) != header+strings.Repeat("\x00", behind) {
			t.Errorf("%d bytes, not a header and zeros: %v", len(text), err)
		}
	})
}
