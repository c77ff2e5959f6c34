// Package grammar parses PowerShell in tests: what runs on Windows is written on
// machines that have none. It decides whether a text is PowerShell, by the grammar of
// tree-sitter; it runs nothing, and what a program would do is not its subject.
//
// No program imports it. The grammar is a Python package, which "make unit" installs.
package grammar

import (
	"bytes"
	_ "embed" // the parser
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

//go:embed parse.py
var parser string

// Tree is what is in one text, in the order in which it stands there.
type Tree struct {
	Faults     []string // what is no PowerShell, with its line; none in a good text
	Statements int      // on the outermost level
	Commands   []string // names of commands that are called, as they are written
	Functions  []string // names of functions that are defined
	Strings    []string // string literals, with their quotes
	Variables  []string // with their $
}

// Parse parses texts. Without the grammar it skips the test, but never under CI.
func Parse(tb testing.TB, texts ...string) []Tree {
	tb.Helper()
	python := filepath.Join(top(tb), ".bin", "grammar", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		if os.Getenv("CI") != "" {
			tb.Fatalf("the grammar of PowerShell is missing; scripts/grammar.sh installs it: %v", err)
		}
		tb.Skip("the grammar of PowerShell is missing; make grammar installs it")
	}
	input, err := json.Marshal(texts)
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.CommandContext(tb.Context(), python, "-c", parser)
	var out, diagnostics bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &out, &diagnostics
	if err := cmd.Run(); err != nil {
		tb.Fatalf("parse PowerShell: %v\n%s", err, diagnostics.String())
	}
	var trees []Tree
	if err := json.Unmarshal(out.Bytes(), &trees); err != nil || len(trees) != len(texts) {
		tb.Fatalf("%d texts gave %d trees: %v", len(texts), len(trees), err)
	}
	return trees
}

// Valid fails the test where text is no PowerShell.
func Valid(tb testing.TB, name, text string) {
	tb.Helper()
	for _, fault := range Parse(tb, text)[0].Faults {
		tb.Errorf("%s is no PowerShell: %s", name, fault)
	}
}

// top finds the folder of go.mod.
func top(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			tb.Fatal("there is no go.mod above the test")
		}
		dir = parent
	}
}
