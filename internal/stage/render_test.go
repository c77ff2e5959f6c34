package stage

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

func read(tb testing.TB, path string) string {
	tb.Helper()
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		tb.Fatal(err)
	}
	return string(raw)
}

func TestProgramsArePOSIX(t *testing.T) {
	t.Parallel()
	s := inline("java", ami.Hybrid, "echo 'it''s' <<GOLDENAMI_X", "`")
	s.Environment = map[string]string{"A": "'\"$(x)\n`"}
	for _, program := range [][]byte{Render(loaded(t, s)[0]), Renderer{}.boot(loaded(t, s, inline("app", ami.Full, "true")))} {
		if _, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(bytes.NewReader(program), "program"); err != nil {
			t.Errorf("%v\n%s", err, program)
		}
		if !bytes.HasPrefix(program, []byte("#!/bin/sh\n")) {
			t.Error("cloud-init would not run it")
		}
	}
}

func must(t *testing.T) func([]byte, error) []byte {
	return func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

func TestStageRunsOncePerContent(t *testing.T) {
	t.Parallel()
	for name, sh := range shells(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			r := Renderer{MarkerDir: filepath.Join(root, "it's", "markers")}
			log := filepath.Join(root, "log")
			stage := func(text string) Stage {
				s := inline("java", ami.Hybrid, `echo "$TEXT" >>"$LOG"`)
				s.Environment = map[string]string{"LOG": log, "TEXT": text}
				return loaded(t, s)[0]
			}
			for range 2 {
				if code, out := run(t, sh, r.Render(stage("one"))); code != 0 {
					t.Fatalf("exit code %d\n%s", code, out)
				}
			}
			if got := read(t, log); got != "one\n" {
				t.Errorf("after two runs the log is %q", got)
			}
			if got := read(t, filepath.Join(r.MarkerDir, "java")); got != stage("one").Hash()+"\n" {
				t.Errorf("marker is %q", got)
			}
			run(t, sh, r.Render(stage("two")))
			if got := read(t, log); got != "one\ntwo\n" {
				t.Errorf("after a change the log is %q", got)
			}
		})
	}
}

func TestFailureLeavesNoMarkerAndStops(t *testing.T) {
	t.Parallel()
	for name, sh := range shells(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			r := Renderer{MarkerDir: filepath.Join(root, "markers")}
			first := inline("first", ami.OSOnly, "true")
			second := inline("second", ami.Hybrid, `echo x >>"$ROOT/second"`, `[ -e "$ROOT/fixed" ] || (exit 7)`, `echo y >>"$ROOT/second"`)
			second.Environment = map[string]string{"ROOT": root}
			third := inline("third", ami.Full, `echo x >>"$ROOT/third"`)
			third.Environment = map[string]string{"ROOT": root}
			program := r.boot(loaded(t, first, second, third))
			code, out := run(t, sh, program)
			if code != 7 || !strings.Contains(out, "stage second: failed with exit code 7") {
				t.Errorf("exit code %d\n%s", code, out)
			}
			if read(t, filepath.Join(r.MarkerDir, "first")) == "" || read(t, filepath.Join(r.MarkerDir, "second")) != "" {
				t.Error("wrong markers")
			}
			if read(t, filepath.Join(root, "second")) != "x\n" || read(t, filepath.Join(root, "third")) != "" {
				t.Error("it went on after a failing line or stage")
			}
			if err := os.WriteFile(filepath.Join(root, "fixed"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if code, out := run(t, sh, program); code != 0 || strings.Contains(out, "first: done\n") || read(t, filepath.Join(root, "third")) != "x\n" {
				t.Errorf("second try: exit code %d\n%s", code, out)
			}
		})
	}
}

// TestTiersConverge bakes each tier's cut, then boots with the family's user
// data: all machines end the same, and each stage ran once.
func TestTiersConverge(t *testing.T) {
	t.Parallel()
	for name, sh := range shells(t) {
		for _, tier := range ami.Tiers() {
			t.Run(name+"/"+string(tier), func(t *testing.T) {
				t.Parallel()
				converges(t, sh, tier)
			})
		}
	}
}

func converges(t *testing.T, sh interpreter, tier ami.Tier) {
	t.Helper()
	root := t.TempDir()
	r := Renderer{MarkerDir: filepath.Join(root, "markers")}
	var all []Stage
	for _, of := range ami.Tiers() {
		s := inline("s-"+string(of), of, `echo "$0" | grep -q goldenami && echo `+string(of)+` >>"$LOG"`)
		s.Environment = map[string]string{"LOG": filepath.Join(root, "log")}
		all = append(all, s)
	}
	all = loaded(t, all...)
	bake, _ := Cut(all, "", tier)
	for _, s := range bake {
		if code, out := run(t, sh, r.Render(s)); code != 0 {
			t.Fatalf("bake: %d\n%s", code, out)
		}
	}
	if code, out := run(t, sh, r.boot(all)); code != 0 {
		t.Fatalf("boot: %d\n%s", code, out)
	}
	if got := read(t, filepath.Join(root, "log")); got != "os-only\nhybrid\nfull\n" {
		t.Errorf("ran %q", got)
	}
}

func TestScriptsKeepTheirInterpreter(t *testing.T) {
	t.Parallel()
	for first, want := range map[string]string{
		"#!/bin/sh":              ` '/bin/sh'`,
		"#! /bin/bash -eu  ":     ` '/bin/bash' '-eu'`,
		"#!/usr/bin/env -S a b":  ` '/usr/bin/env' '-S a b'`,
		"#!/opt/it's":            ` '/opt/it'\''s'`,
		"echo no interpreter":    " /bin/sh",
		"#!":                     " /bin/sh",
		"# a comment #!/bin/zsh": " /bin/sh",
	} {
		if got := command([]byte(first + "\nx\n")); got != want {
			t.Errorf("%s: %s, want %s", first, got, want)
		}
	}
	root := t.TempDir()
	script := filepath.Join(root, "s")
	// No final line break, and not executable.
	if err := os.WriteFile(script, []byte("#!/bin/bash\na=(x y)\necho ${a[1]} $HOME $PWD $- >"+root+"/out"), 0o600); err != nil {
		t.Fatal(err)
	}
	ready := loaded(t, Stage{Name: "s", Tier: ami.Full, Script: script})
	for name, sh := range shells(t) {
		out := filepath.Join(root, "out")
		if code, said := run(t, sh, Renderer{MarkerDir: filepath.Join(root, name)}.Render(ready[0]), "HOME=/elsewhere"); code != 0 {
			t.Fatalf("%s: %d\n%s", name, code, said)
		}
		if got := read(t, out); !strings.HasPrefix(got, "y /root / ") {
			t.Errorf("%s: it saw %q", name, got)
		}
		if err := os.Remove(out); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUserDataLimits(t *testing.T) {
	t.Parallel()
	if data, err := UserData(CloudInit, nil, nil); data != nil || err != nil {
		t.Errorf("no stages gave %d bytes, %v", len(data), err)
	}
	long := loaded(t, inline("long", ami.Full, strings.Repeat("echo again and again\n", 2000)))
	data := must(t)(UserData(CloudInit, long, nil))
	if len(data) > MaxUserData || !bytes.Equal(data, must(t)(UserData(CloudInit, long, nil))) {
		t.Errorf("%d bytes, or not the same twice", len(data))
	}
	reader, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if plain := must(t)(io.ReadAll(reader)); !bytes.Contains(plain, Renderer{}.boot(long)) {
		t.Error("unpacked, it is another program")
	}
	random := rand.New(rand.NewPCG(1, 2))
	var noise strings.Builder
	for range 40000 {
		noise.WriteByte(byte('!' + random.IntN(90)))
	}
	_, err = UserData(CloudInit, loaded(t, inline("noise", ami.Full, "# "+noise.String()), inline("small", ami.Full, "true")), nil)
	if err == nil || !strings.Contains(err.Error(), `stage "noise"`) || !strings.Contains(err.Error(), "S3") {
		t.Errorf("error is %v", err)
	}
}

// FuzzQuoting gives any value and any script line to a stage: the process must
// see the value byte for byte, and the script as it was.
func FuzzQuoting(f *testing.F) {
	for _, seed := range []string{"", "'", "''", "a'b\"c", "$(touch /tmp/x)", "`x`", "\\", "\n", "a\n'\n", "!x", "\x01\x7f\u00ff", "é", "-n", "*", "\r\n"} {
		f.Add(seed)
	}
	var all strings.Builder
	for b := rune(1); b < 256; b++ {
		all.WriteString("x" + string(b) + "'" + string(b))
	}
	f.Add(all.String())
	found := shells(f)
	f.Fuzz(func(t *testing.T, value string) {
		if strings.ContainsRune(value, 0) || !utf8.ValidString(value) {
			return
		}
		root := t.TempDir()
		s := inline("fuzz", ami.Full, `printf %s "$VALUE" >"$ROOT/value"`, `cp "$0" "$ROOT/script"`, "exit 0", value)
		s.Environment = map[string]string{"VALUE": value, "ROOT": root}
		ready := loaded(t, s)[0]
		for name, sh := range found {
			code, out := run(t, sh, Renderer{MarkerDir: root + "/m-" + name}.Render(ready))
			if got := read(t, root+"/value"); code != 0 || got != value {
				t.Fatalf("%s: exit code %d, value %q, want %q\n%s", name, code, got, value, out)
			}
			if got := read(t, root+"/script"); got != string(ready.content) {
				t.Fatalf("%s: script %q, want %q", name, got, ready.content)
			}
		}
	})
}
