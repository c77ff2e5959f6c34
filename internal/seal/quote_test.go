package seal_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/shell"
)

var hostile = []string{"'", "''", `\`, `\'`, "`touch x`", "$(touch x)", "${IFS}", "\n", "\r\n", `"`, "; touch x #", "-rf", "*", "~", "!!", "\x00end", "ä\xff", "\t", "'$(touch x)'"}

// fataler is what a test and a run of rapid have in common here.
type fataler interface {
	Helper()
	Fatal(args ...any)
}

// printed gives what sh prints for the quoted value.
func printed(t fataler, sh sealtest.Shell, value, dir string) string {
	t.Helper()
	cmd := exec.Command(sh.Argv[0], sh.Argv[1:]...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader("printf %s " + shell.Quote(value) + "\n")
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestQuoteIsOneWordToEveryShell(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		dir := t.TempDir()
		rapid.Check(t, func(r *rapid.T) {
			piece := rapid.OneOf(rapid.SampledFrom(hostile), rapid.StringN(0, 8, 40))
			value := strings.ReplaceAll(strings.Join(rapid.SliceOfN(piece, 0, 6).Draw(r, "pieces"), ""), "\x00", "")
			if got := printed(r, sh, value, dir); got != value {
				r.Fatalf("%q became %q", value, got)
			}
		})
		if files, err := filepath.Glob(dir + "/*"); err != nil || len(files) > 0 {
			t.Errorf("a value was executed: %v %v", files, err)
		}
	})
}

func FuzzQuote(f *testing.F) {
	for _, value := range hostile {
		f.Add(value)
	}
	shells := sealtest.Shells(f)
	f.Fuzz(func(t *testing.T, value string) {
		value = strings.ReplaceAll(value, "\x00", "")
		for _, sh := range shells {
			if got := printed(t, sh, value, t.TempDir()); got != value {
				t.Errorf("%s: %q became %q", sh.Name, value, got)
			}
		}
	})
}

// Whatever stands in an option, the program stays POSIX sh of the same statements.
func TestNoValueChangesTheProgram(t *testing.T) {
	t.Parallel()
	plain := len(parse(t, program(t)).Stmts)
	for _, value := range hostile {
		for option, set := range map[string]func(*seal.Options){
			"keep":        func(o *seal.Options) { o.Keep = []string{"/" + value + "x"} },
			"keep_users":  func(o *seal.Options) { o.KeepUsers = []string{value + "x"} },
			"scrub_paths": func(o *seal.Options) { o.ScrubPaths = []string{"/opt/" + value + "x"} },
			"scan_allow":  func(o *seal.Options) { o.ScanAllow = []string{"/opt/" + value + "x"} },
			"ssh_banner":  func(o *seal.Options) { o.Banner = value + "x" },
		} {
			o := options(t, "/nowhere/root", seal.ModeSeal)
			set(&o)
			text, err := seal.Program(o)
			if strings.ContainsAny(value, "\x00\r") || option != "ssh_banner" && strings.ContainsAny(value, "\n\t") || !utf8.ValidString(value) || option == "keep_users" && strings.Contains(value, " ") {
				if err == nil {
					t.Errorf("%s %q was accepted", option, value)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s %q: %v", option, value, err)
				continue
			}
			if n := len(parse(t, text).Stmts); n != plain {
				t.Errorf("%s %q: %d statements instead of %d", option, value, n, plain)
			}
		}
	}
}

// Options of any bytes reach the shell as the words that they are: the program's
// own functions know the values and no neighbour of theirs, and nothing runs.
func TestEveryOptionIsOneWordToEveryShell(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		dir := t.TempDir()
		rapid.Check(t, func(r *rapid.T) {
			value := strings.Join(rapid.SliceOfN(rapid.SampledFrom(hostile), 1, 5).Draw(r, "pieces"), "")
			user := strings.NewReplacer(" ", "", "/", "", ":", "").Replace(value)
			o := options(t, "/nowhere/root", seal.ModeSeal)
			o.Keep, o.ScrubPaths, o.KeepUsers = []string{"/k/" + value + "k"}, []string{"/opt/" + value + "s"}, []string{user + "u"}
			o.ScanAllow = []string{"/a/" + value + "a"}
			o.Banner = value + "\nb"
			text, err := seal.Program(o)
			if err != nil {
				r.Skip("refused: " + err.Error())
			}
			text = strings.TrimSuffix(text, "main </dev/null\n") + "cd " + shell.Quote(dir) + `
show() { printf '%s\n' "$1"; }
each_kept show; each_scrubbed show; each_kept_user show; show "$GA_BANNER"
kept ` + shell.Quote("/nowhere/root/k/"+value+"k/below") + ` && kept_user ` + shell.Quote(user+"u") + ` || echo "is not known"
scan_allowed ` + shell.Quote("/nowhere/root/a/"+value+"a/x") + ` || echo "is not allowed"
scan_allowed ` + shell.Quote("/nowhere/root/a/"+value+"b") + ` && echo "allows another"
kept ` + shell.Quote("/nowhere/root/k/"+value+"kk") + ` || kept_user ` + shell.Quote(user+"x") + ` && echo "knows another"
exit 0
`
			var out bytes.Buffer
			if status, stderr := sh.Run(t.Context(), t, text, &out); status != 0 || stderr != "" {
				r.Fatalf("status %d: %s", status, stderr)
			}
			want := "/nowhere/root/k/" + value + "k\n/nowhere/root/opt/" + value + "s\n" + user + "u\n" + value + "\nb\n"
			if out.String() != want {
				r.Fatalf("%q instead of %q", out.String(), want)
			}
		})
		if files, err := filepath.Glob(dir + "/*"); err != nil || len(files) > 0 {
			t.Errorf("a value was executed: %v %v", files, err)
		}
	})
}
