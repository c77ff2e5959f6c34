package seal_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// hookRemovesWhatCameBack between the seal and the power-off; what is kept or
// skipped is not touched by it either.
func hookRemovesWhatCameBack(t *testing.T, sh sealtest.Shell, root string) {
	o := options(t, root, seal.ModeSeal)
	o.Keep, o.Skip = []string{"/home/build/.zsh_history"}, []string{"random-seed"}
	for _, p := range []string{
		"home/build/.bash_history", "root/.ash_history", "var/log/wtmp", "var/log/auth.log", "var/log/journal/0123/system.journal",
		"var/lib/dhcp/dhclient.ens5.leases", "tmp/late", "etc/machine-id", "etc/ssh/ssh_host_rsa_key", "home/build/.ssh/authorized_keys",
		"home/build/.zsh_history", "var/lib/systemd/random-seed",
	} {
		full := filepath.Join(root, p)
		if err := os.Chmod(full, 0o600); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		sealtest.Write(t, root, p, sealtest.Marker)
	}
	var out bytes.Buffer
	status, stderr := sh.Run(t.Context(), t, seal.HookProgram(o, root), &out)
	if status != 0 || stderr != "" || out.Len() > 0 {
		t.Errorf("status %d, said %q and %q", status, out.String(), stderr)
	}
	for _, p := range []string{"home/build/.zsh_history", "var/lib/systemd/random-seed"} {
		if err := os.Remove(filepath.Join(root, p)); err != nil {
			t.Errorf("kept or skipped: %v", err)
		}
	}
	for _, wrong := range sealtest.Sealed(t, root) {
		t.Error(wrong)
	}
}

func TestHookRepeatsOperationsThatExist(t *testing.T) {
	t.Parallel()
	for _, name := range seal.AtShutdown {
		if !slices.Contains(seal.Names(), name) {
			t.Errorf("no operation is called %s", name)
		}
	}
}

func TestHookIsPOSIX(t *testing.T) {
	t.Parallel()
	o := options(t, "/nowhere/root", seal.ModeSeal)
	o.Banner = "watched" // what looks like an expansion in a value is none
	text := seal.HookProgram(o, "/nowhere/root")
	parse(t, text)
	path, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Fatal("shellcheck is needed to test the seal's program: apt-get install shellcheck")
	}
	cmd := exec.CommandContext(t.Context(), path, "--shell=sh", "--severity=info", "--exclude=SC2015,SC2034,SC2317,SC3013", "-")
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s", out)
	}
}

// The program carries the hook's as one quoted word, whatever is in its options.
func TestProgramWritesItsHookUnchanged(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		o := options(t, "/nowhere/ro ot'$(id)", seal.ModeSeal)
		o.Keep = []string{`/etc/it's "$HOME"\`}
		text, err := seal.Program(o)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if status, stderr := sh.Run(t.Context(), t, strings.TrimSuffix(text, "main </dev/null\n")+"hook_text\n", &out); status != 0 || stderr != "" {
			t.Fatalf("status %d: %s", status, stderr)
		}
		if out.String() != seal.HookProgram(o, o.Root) {
			t.Error("the hook is another one than was written")
		}
	})
}

// armed runs arm_hook as on a running guest with the given init system, whose
// places are below dir, and gives the commands it ran and what it reported.
func armed(t *testing.T, sh sealtest.Shell, init, dir, more string) string {
	t.Helper()
	text := strings.TrimSuffix(program(t), "main </dev/null\n")
	for _, place := range []string{"hook_dir=", "hook_unit=", "hook_script=", "hook_levels="} {
		text = strings.Replace(text, "\n"+place, "\n"+place+dir, 1)
	}
	text += `runs_systemd() { [ ` + init + ` = systemd ]; }
runs_openrc() { [ ` + init + ` = openrc ]; }
systemctl() { echo "systemctl $*"; }
emit() { echo "$*"; }
refused=false
grep() { true; } # finds that /run is in memory
` + more + `
arm_hook
`
	var out bytes.Buffer
	if status, stderr := sh.Run(t.Context(), t, text, &out); status > 1 || stderr != "" {
		t.Fatalf("status %d: %s", status, stderr)
	}
	return out.String()
}

func TestHookIsArmed(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		dir := t.TempDir()
		// Debian's OpenRC has a runlevel more at the end.
		for _, made := range []string{"run/systemd/system", "etc/init.d", "etc/runlevels/off"} {
			if err := os.MkdirAll(filepath.Join(dir, made), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		const started = "systemctl start goldenami-seal.service\nsystemctl is-active --quiet goldenami-seal.service\nfact shutdown-hook systemd\n"
		if got := armed(t, sh, "systemd", dir, ""); got != started {
			t.Errorf("systemd: %q", got)
		}
		// Before 246 it knows a new unit only when it has read all of them again.
		before := "known=false\nsystemctl() { echo \"systemctl $*\"; [ \"$1\" != daemon-reload ] || known=true; $known; }"
		if got := armed(t, sh, "systemd", dir, before); got != "systemctl start goldenami-seal.service\nsystemctl daemon-reload\n"+started {
			t.Errorf("an old systemd: %q", got)
		}
		unit, err := os.ReadFile(filepath.Join(dir, "run/systemd/system/goldenami-seal.service"))
		if err != nil || !strings.Contains(string(unit), "ExecStop=/bin/sh "+dir+"/run/goldenami-seal/final.sh\n") {
			t.Errorf("%v: %s", err, unit)
		}
		if got := armed(t, sh, "openrc", dir, ""); got != "fact shutdown-hook openrc\n" {
			t.Errorf("OpenRC: %q", got)
		}
		script := filepath.Join(dir, "etc/init.d/goldenami-seal")
		for _, level := range []string{"shutdown", "off"} {
			if info, err := os.Stat(filepath.Join(dir, "etc/runlevels", level, "goldenami-seal")); err != nil || info.Mode().Perm() != 0o755 {
				t.Errorf("%v %v", info, err)
			}
		}
		// It removes itself where the hook has gone too.
		if err := os.RemoveAll(filepath.Join(dir, "run/goldenami-seal")); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if status, stderr := sh.Run(t.Context(), t, "\nPATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin\n. "+script+"\nstart\n", &out); status != 0 {
			t.Errorf("status %d: %s", status, stderr)
		}
		if left, err := filepath.Glob(filepath.Join(dir, "etc/*/*/*")); err != nil || len(left) != 0 {
			t.Errorf("left: %q", left)
		}
		if _, err := os.Lstat(script); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the script is left: %v", err)
		}
	})
}

func TestGuestThatTakesNoHookIsRefused(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		dir := t.TempDir()
		if got := armed(t, sh, "systemd", dir, "grep() { return 1; }"); !strings.HasPrefix(got, "preflight hook /run is not in memory") {
			t.Errorf("/run on a disk: %q", got)
		}
		if got := armed(t, sh, "systemd", dir, "mkdir() { return 1; }"); !strings.HasPrefix(got, "preflight hook /run cannot be written") {
			t.Errorf("/run read-only: %q", got)
		}
		if err := os.MkdirAll(filepath.Join(dir, "run/systemd/system"), 0o700); err != nil {
			t.Fatal(err)
		}
		if got := armed(t, sh, "systemd", dir, "systemctl() { return 1; }"); got != "preflight hook systemd does not take the unit that removes what the shutdown writes\n" {
			t.Errorf("systemd: %q", got)
		}
	})
}
