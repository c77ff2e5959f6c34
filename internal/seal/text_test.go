package seal_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
)

// parse reads text as POSIX sh, or fails the test.
func parse(tb testing.TB, text string) *syntax.File {
	tb.Helper()
	file, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(text), "program")
	if err != nil {
		tb.Fatalf("not POSIX sh: %v", err)
	}
	return file
}

func program(tb testing.TB) string {
	tb.Helper()
	text, err := seal.Program(options(tb, "/nowhere/root", seal.ModeSeal))
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// Until its last line the program only assigns and defines: a text that arrives
// cut off anywhere must do nothing.
func TestProgramActsOnItsLastLineOnly(t *testing.T) {
	t.Parallel()
	statements := parse(t, program(t)).Stmts
	for i, statement := range statements {
		switch command := statement.Cmd.(type) {
		case *syntax.FuncDecl:
		case *syntax.CallExpr:
			name := ""
			if len(command.Args) > 0 {
				name = command.Args[0].Lit()
			}
			last := i == len(statements)-1
			if name != "" && name != "set" && name != "unset" && name != "export" && name != "umask" && (name != "main" || !last) {
				t.Errorf("line %d acts: %s", statement.Pos().Line(), name)
			}
			if last && name != "main" {
				t.Error("the last line does not call main")
			}
		default:
			t.Errorf("line %d: %T outside of a function", statement.Pos().Line(), command)
		}
	}
}

// bash writes a here-document to a file in /tmp, which may be full or read-only.
func TestProgramNeedsNoTemporaryFile(t *testing.T) {
	t.Parallel()
	syntax.Walk(parse(t, program(t)), func(node syntax.Node) bool {
		if redirect, ok := node.(*syntax.Redirect); ok && redirect.Hdoc != nil {
			t.Errorf("line %d has a here-document", redirect.Pos().Line())
		}
		return true
	})
}

// Functions share one name space: a second definition would silently replace
// the first.
func TestFunctionsAreDefinedOnceAndInPairs(t *testing.T) {
	t.Parallel()
	defined := map[string]int{}
	for _, statement := range parse(t, program(t)).Stmts {
		if f, ok := statement.Cmd.(*syntax.FuncDecl); ok {
			defined[f.Name.Value]++
		}
	}
	for name, n := range defined {
		if n > 1 {
			t.Errorf("%s is defined %d times", name, n)
		}
	}
	for _, op := range seal.Operations() {
		function := strings.ReplaceAll(op.Name, "-", "_")
		if defined[function+"_seal"] != 1 || defined[function+"_check"] != 1 {
			t.Errorf("%s lacks its removal or its check", op.Name)
		}
		if len(op.Reason) < 20 || len(op.Paths) < 20 {
			t.Errorf("%s: reason %q, paths %q", op.Name, op.Reason, op.Paths)
		}
	}
}

func TestEveryFragmentIsInTheOrder(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("ops/*.sh")
	if err != nil || len(files) != len(seal.Names()) {
		t.Errorf("%d fragments and %d operations (%v)", len(files), len(seal.Names()), err)
	}
}

// A deletion has one way out of the program: the words of base.sh, which look at
// keep and at the root first.
func TestOperationsDeleteThroughTheBaseOnly(t *testing.T) {
	t.Parallel()
	direct := regexp.MustCompile(`(^|[\s;&|(])(rm|unlink|shred|truncate|mv|dd|find|systemctl|chattr) `)
	files, err := filepath.Glob("ops/*.sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if !strings.HasPrefix(line, "#") && direct.MatchString(line) {
				t.Errorf("%s deletes by itself: %s", file, line)
			}
		}
	}
}

func TestShellcheck(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Fatal("shellcheck is needed to test the seal's program: apt-get install shellcheck")
	}
	// SC2015: "a && b || c" is meant so. SC2034: variables that another part reads.
	// SC2317: functions called by name. SC3013: -ef, which is POSIX since 2024.
	cmd := exec.CommandContext(t.Context(), path, "--shell=sh", "--severity=info", "--exclude=SC2015,SC2034,SC2317,SC3013", "-")
	o := options(t, "/nowhere/root", seal.ModeSeal)
	o.Banner = "watched" // what looks like an expansion in a value is none
	text, err := seal.Program(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = bytes.NewBufferString(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s", out)
	}
}

func TestLauncherIsOneWordForEveryLoginShell(t *testing.T) {
	t.Parallel()
	parse(t, seal.Launcher)
	inner := strings.TrimPrefix(seal.Launcher, "/bin/sh -c ")
	if strings.Count(inner, "'") != 2 || strings.ContainsAny(inner, "!\\`\n") {
		t.Errorf("csh or fish would read this otherwise: %s", inner)
	}
	parse(t, strings.Trim(inner, "'"))
}
