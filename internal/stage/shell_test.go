package stage

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/shell"
)

// interpreter is a way to run a program as /bin/sh of a machine would.
type interpreter struct {
	argv []string
	// tools is a directory that holds all that a program finds; empty for this
	// host's own.
	tools string
}

// shells gives those of this host that may be /bin/sh on a machine: dash and
// bash with the host's tools, and BusyBox's shell with nothing but BusyBox's
// tools, as on Alpine.
func shells(tb testing.TB) map[string]interpreter {
	tb.Helper()
	found := map[string]interpreter{}
	for name, command := range map[string][]string{"dash": {"dash"}, "bash": {"bash", "--posix"}, "busybox": {"busybox", "sh"}} {
		if path, err := exec.LookPath(command[0]); err == nil {
			found[name] = interpreter{argv: append([]string{path}, command[1:]...)}
		}
	}
	if len(found) == 0 {
		tb.Fatal("there is no shell to run the programs with")
	}
	if sh, ok := found["busybox"]; ok {
		sh.tools = applets(tb, sh.argv[0])
		found["busybox"] = sh
	}
	return found
}

// applets gives a directory with a link for each tool that BusyBox is.
func applets(tb testing.TB, busybox string) string {
	tb.Helper()
	names, err := exec.CommandContext(tb.Context(), busybox, "--list").Output()
	if err != nil {
		tb.Fatal(err)
	}
	dir := tb.TempDir()
	for name := range strings.FieldsSeq(string(names)) {
		if err := os.Symlink(busybox, filepath.Join(dir, name)); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

// systemPath is the line of a program that says where a stage's tools are, and
// systemShell how the line begins that runs lines of a template.
const (
	systemPath  = "\nexport PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
	systemShell = "\nexec '/bin/sh' "
)

// program gives the one that finds this shell and its tools, not the host's,
// where a machine has its own.
func (sh interpreter) program(tb testing.TB, text []byte) []byte {
	tb.Helper()
	if sh.tools == "" {
		return text
	}
	if !strings.Contains(string(text), systemPath) {
		tb.Fatal("the program no longer sets the PATH of a stage in one line")
	}
	return []byte(strings.NewReplacer(
		systemPath, "\nexport PATH="+shell.Quote(sh.tools)+"\n",
		systemShell, "\nexec "+shell.Quote(filepath.Join(sh.tools, "sh"))+" ",
	).Replace(string(text)))
}

// run runs a program and gives its exit code and what it said.
func run(tb testing.TB, sh interpreter, program []byte, env ...string) (int, string) {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "program")
	if err := os.WriteFile(path, sh.program(tb, program), 0o600); err != nil {
		tb.Fatal(err)
	}
	tools := sh.tools
	if tools == "" {
		tools = os.Getenv("PATH")
	}
	cmd := exec.CommandContext(tb.Context(), sh.argv[0], slices.Concat(sh.argv[1:], []string{path})...)
	cmd.Env = append([]string{"PATH=" + tools, "TMPDIR=" + tb.TempDir()}, env...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		tb.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// TestBusyBoxHasOnlyItsOwnTools shows that what passes under BusyBox does so
// without a tool of the host.
func TestBusyBoxHasOnlyItsOwnTools(t *testing.T) {
	t.Parallel()
	sh, ok := shells(t)["busybox"]
	if !ok {
		t.Log("busybox is not installed here: apt-get install busybox")
		return
	}
	root := t.TempDir()
	s := inline("tools", "full", `! command -v go && ! command -v bash`, `command -v cp >"$ROOT/cp"`, `readlink "$(command -v sh)" >"$ROOT/sh"`)
	s.Environment = map[string]string{"ROOT": root}
	if code, out := run(t, sh, Renderer{MarkerDir: root + "/m"}.Render(loaded(t, s)[0])); code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	if got := read(t, root+"/cp"); !strings.HasPrefix(got, sh.tools) {
		t.Errorf("cp is %q", got)
	}
	if got := read(t, root+"/sh"); got != sh.argv[0]+"\n" {
		t.Errorf("sh is %q", got)
	}
}
