package sealtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Shell is a way to run sh -s on this machine.
type Shell struct {
	Name string
	Argv []string
	// Tools is a directory that holds all tools the program finds; empty for
	// this machine's.
	Tools string
}

// Shells gives what the program must work under: dash and bash with GNU tools,
// and BusyBox's shell with nothing but BusyBox's tools, as on Alpine. All must be
// installed: a missing one fails the test, it does not pass over it.
func Shells(t testing.TB) []Shell {
	t.Helper()
	return []Shell{
		Dash(t),
		{Name: "bash", Argv: []string{find(t, "bash"), "--posix", "-s"}},
		BusyBox(t),
	}
}

// Dash is the quickest of them, for tests in which the shell does not matter.
func Dash(t testing.TB) Shell {
	t.Helper()
	return Shell{Name: "dash", Argv: []string{find(t, "dash"), "-s"}}
}

// BusyBox is its shell with its tools, but for those named in without.
func BusyBox(t testing.TB, without ...string) Shell {
	t.Helper()
	path, tools := find(t, "busybox"), t.TempDir()
	applets, err := exec.CommandContext(t.Context(), path, "--list").Output() //nolint:gosec // found above
	must(t, err)
	for _, applet := range strings.Fields(string(applets)) {
		if !slices.Contains(without, applet) {
			must(t, os.Symlink(path, filepath.Join(tools, applet)))
		}
	}
	return Shell{Name: "busybox", Argv: []string{path, "sh", "-s"}, Tools: tools}
}

func find(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%s is needed to test the seal's program: apt-get install %s", program, program)
	}
	return path
}

// systemPath is the line of the program that says where its tools are.
const systemPath = "\nPATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin\n"

// Run gives text to the shell's standard input, stdout to out, and gives the
// exit status and what came on stderr.
func (s Shell) Run(ctx context.Context, t testing.TB, text string, out io.Writer) (status int, stderr string) {
	t.Helper()
	if s.Tools != "" {
		if strings.Count(text, systemPath) != 1 {
			t.Fatal("the program no longer sets its PATH in one line")
		}
		text = strings.Replace(text, systemPath, "\nPATH='"+s.Tools+"'\n", 1)
	}
	var diagnostics bytes.Buffer
	cmd := exec.CommandContext(ctx, s.Argv[0], s.Argv[1:]...) //nolint:gosec // a shell that the test chose
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(text), out, &diagnostics
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("run %s: %v", s.Name, err)
	}
	return cmd.ProcessState.ExitCode(), diagnostics.String()
}
