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
func Shells(tb testing.TB) []Shell {
	tb.Helper()
	return []Shell{
		Dash(tb),
		{Name: "bash", Argv: []string{find(tb, "bash"), "--posix", "-s"}},
		BusyBox(tb),
	}
}

// Dash is the quickest of them, for tests in which the shell does not matter.
func Dash(tb testing.TB) Shell {
	tb.Helper()
	return Shell{Name: "dash", Argv: []string{find(tb, "dash"), "-s"}}
}

// BusyBox is its shell with its tools, but for those named in without.
func BusyBox(tb testing.TB, without ...string) Shell {
	tb.Helper()
	path, tools := find(tb, "busybox"), tb.TempDir()
	applets, err := exec.CommandContext(tb.Context(), path, "--list").Output()
	must(tb, err)
	for _, applet := range strings.Fields(string(applets)) {
		if !slices.Contains(without, applet) {
			must(tb, os.Symlink(path, filepath.Join(tools, applet)))
		}
	}
	return Shell{Name: "busybox", Argv: []string{path, "sh", "-s"}, Tools: tools}
}

func find(tb testing.TB, program string) string {
	tb.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		tb.Fatalf("%s is needed to test the seal's program: apt-get install %s", program, program)
	}
	return path
}

// systemPath is the line of the program that says where its tools are.
const systemPath = "\nPATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin\n"

// Run gives text to the shell's standard input, stdout to out, and gives the
// exit status and what came on stderr.
func (s Shell) Run(ctx context.Context, tb testing.TB, text string, out io.Writer) (status int, stderr string) {
	tb.Helper()
	if s.Tools != "" {
		// The first is the program's own; a later one is the shutdown hook's.
		if !strings.Contains(text, systemPath) {
			tb.Fatal("the program no longer sets its PATH in one line")
		}
		text = strings.Replace(text, systemPath, "\nPATH='"+s.Tools+"'\n", 1)
	}
	var diagnostics bytes.Buffer
	cmd := exec.CommandContext(ctx, s.Argv[0], s.Argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(text), out, &diagnostics
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		tb.Fatalf("run %s: %v", s.Name, err)
	}
	return cmd.ProcessState.ExitCode(), diagnostics.String()
}
