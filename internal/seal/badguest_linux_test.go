package seal_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/shell"
)

// mounted runs the program under sh in mounts of its own, which setup makes, and
// gives what after prints when the program has ended.
func mounted(t *testing.T, sh sealtest.Shell, o seal.Options, setup, after string) (report *seal.Report, status int, printed string) {
	t.Helper()
	enter := []string{"unshare", "-m", "--propagation", "private"}
	if os.Geteuid() != 0 {
		enter = append(enter, "-r")
	}
	if out, err := exec.CommandContext(t.Context(), enter[0], append(enter[1:], "true")...).CombinedOutput(); err != nil { //nolint:gosec // fixed words
		t.Skipf("no mounts of its own here: %v: %s", err, out)
	}
	script := "R=" + shell.Quote(o.Root) + "\nset -e\n" + setup + "\nset +e\n\"$@\"\nstatus=$?\n{ " + after + "\n} >&2\nexit \"$status\"\n"
	sh.Argv = slices.Concat(enter, []string{"sh", "-c", script, "sh"}, sh.Argv)
	text, err := seal.Program(o)
	if err != nil {
		t.Fatal(err)
	}
	parser := seal.NewParser(o)
	status, printed = sh.Run(t.Context(), t, text, parser)
	return parser.Report(), status, printed
}

const (
	bound     = `mount --bind "$R/%" "$R/%" && mount -o remount,bind,` // and the options
	untouched = `[ -s "$R/root/.bash_history" ] && [ -s "$R/etc/ssh/ssh_host_rsa_key" ] && echo untouched; ls -A "$R/etc" "$R/var" | grep goldenami- || true`
)

// A root that cannot be written is refused whole, however the shell answers
// "test -w" for root.
func TestReadOnlyGuestIsRefused(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		for dir, want := range map[string]string{".": "/etc cannot be written", "var": "/var cannot be written"} {
			o := options(t, sealtest.Plant(t), seal.ModeSeal)
			report, status, printed := mounted(t, sh, o, strings.ReplaceAll(bound, "%", dir)+`ro "$R/`+dir+`"`, untouched)
			if status != seal.ExitRefused || report.Err() == nil || !strings.Contains(report.Err().Error(), want) || !strings.Contains(printed, "untouched\n") {
				t.Errorf("%s read-only: status %d, %v, after it %q", dir, status, report.Err(), printed)
			}
		}
	})
}

// A read-only guest can be looked at all the same.
func TestReadOnlyGuestIsAudited(t *testing.T) {
	t.Parallel()
	o := options(t, sealtest.Plant(t), seal.ModeAudit)
	report, status, _ := mounted(t, sealtest.Dash(t), o, strings.ReplaceAll(bound, "%", ".")+`ro "$R"`, ":")
	if status != seal.ExitLeft || !report.Complete {
		t.Errorf("status %d, %v", status, report.Err())
	}
	eachCanaryIsNamed(t, o.Root, report)
}

// A full disk takes names and no content: files would be cut off.
func TestFullGuestIsRefused(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		o := options(t, sealtest.Plant(t), seal.ModeSeal)
		report, status, printed := mounted(t, sh, o, `
mkdir "$R.full" && mount -t tmpfs -o size=8m none "$R.full" && cp -a "$R/." "$R.full/" && mount --move "$R.full" "$R"
head -c 16000000 /dev/zero >"$R/usr/fill" 2>/dev/null || true`, untouched)
		if status != seal.ExitRefused || report.Err() == nil || !strings.Contains(report.Err().Error(), "the disk below /etc is full") || printed != "untouched\n" {
			t.Errorf("status %d, %v, after it %q", status, report.Err(), printed)
		}
	})
}

// Nothing is run from /tmp, nor from anywhere else that may be mounted noexec.
func TestGuestWithoutProgramsInTmpIsSealed(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		o := options(t, sealtest.Plant(t), seal.ModeSeal)
		var setup strings.Builder
		for _, dir := range []string{"tmp", "var/tmp", "run", "home"} {
			setup.WriteString(strings.ReplaceAll(bound, "%", dir) + `noexec,nosuid,nodev "$R/` + dir + "\"\n")
		}
		setup.WriteString("mount -t tmpfs -o noexec,size=1m none /var/tmp\n")
		report, status, printed := mounted(t, sh, o, setup.String(), "ls -A /var/tmp")
		if status != seal.ExitSealed || printed != "" {
			t.Fatalf("status %d, %v, it left %q", status, report.Err(), printed)
		}
		for _, wrong := range sealtest.Sealed(t, o.Root) {
			t.Error(wrong)
		}
	})
}

// Who has neither sudo nor doas is told so, and nothing is run.
func TestUserWithoutRightsIsTold(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can become a user without rights")
	}
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", seal.Launcher)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	var out, diagnostics bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader("echo it ran\n"), &out, &diagnostics
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != seal.ExitNoRoot || out.Len() != 0 || !strings.Contains(diagnostics.String(), "neither root") {
		t.Errorf("%v, printed %q, said %q", err, out.String(), diagnostics.String())
	}
}

// A tunnel of Session Manager carries what SSH carries, and no terminal: in a
// session without a controlling one, root needs neither sudo nor doas.
func TestSealWithoutATerminal(t *testing.T) {
	t.Parallel()
	root := sealtest.Plant(t)
	o := options(t, root, seal.ModeSeal)
	text, err := seal.Program(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", seal.Launcher)
	cmd.Env = []string{"PATH=" + asRoot(t) + ":" + withoutSudo(t)} // and no HOME, TERM or USER
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	parser := seal.NewParser(o)
	cmd.Stdin, cmd.Stdout = strings.NewReader(text), parser
	if err := cmd.Run(); err != nil {
		t.Errorf("%v: %v", err, parser.Report().Err())
	}
	for _, wrong := range sealtest.Sealed(t, root) {
		t.Error(wrong)
	}
}

// withoutSudo gives a directory in which nothing of the launcher's is but sh.
func withoutSudo(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Symlink("/bin/sh", filepath.Join(dir, "sh")); err != nil {
		t.Fatal(err)
	}
	return dir
}
