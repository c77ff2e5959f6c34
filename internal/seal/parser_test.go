package seal_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// lines is a whole run without a fault.
func lines(nonce string) string {
	var b strings.Builder
	say := func(text string) { b.WriteString("@goldenami " + nonce + " " + text + "\n") }
	say("start t:seal")
	for _, name := range seal.Names() {
		say("op t:" + name + " t:sealed t:2 t:10 x:")
		say("check t:" + name + " t:0")
	}
	say("end t:0")
	return b.String()
}

func TestParserReadsARunInAnyPieces(t *testing.T) {
	t.Parallel()
	o := options(t, "/r", seal.ModeSeal)
	for _, ending := range []string{"\n", "\r\n"} { // with a pty, lines end with both
		text := strings.ReplaceAll(lines(o.Nonce), "\n", ending)
		for _, size := range []int{1, 7, len(text)} {
			p := seal.NewParser(o)
			for rest := text; rest != ""; rest = rest[min(size, len(rest)):] {
				if n, err := p.Write([]byte(rest[:min(size, len(rest))])); err != nil || n != min(size, len(rest)) {
					t.Fatal(n, err)
				}
			}
			if r := p.Report(); r.Err() != nil || !r.Complete {
				t.Errorf("pieces of %d: %v", size, r.Err())
			}
		}
	}
}

func TestParserMissesNothing(t *testing.T) {
	t.Parallel()
	o := options(t, "/r", seal.ModeSeal)
	whole := strings.SplitAfter(strings.TrimSuffix(lines(o.Nonce), "\n"), "\n")
	for i := 1; i < len(whole); i++ {
		p := seal.NewParser(o)
		_, _ = p.Write([]byte(strings.Join(whole[:i], "") + strings.Join(whole[i+1:], "") + "\n"))
		if p.Report().Err() == nil {
			t.Errorf("without %q the run still counts as sealed", whole[i])
		}
	}
}

// What the guest prints cannot pass for a report line without the nonce.
func TestForgedLinesAreIgnored(t *testing.T) {
	t.Parallel()
	o := options(t, "/r", seal.ModeSeal)
	p := seal.NewParser(o)
	other, err := seal.NewNonce()
	if err != nil {
		t.Fatal(err)
	}
	_, _ = p.Write([]byte(lines(other) + lines("") + lines(o.Nonce[:31]) + lines(strings.ToUpper(o.Nonce)+"x") +
		" " + strings.ReplaceAll(lines(o.Nonce), "\n", " ")))
	if r := p.Report(); r.Started || r.Complete || r.Err() == nil {
		t.Errorf("a forged report was read: %+v", r)
	}
}

// A file of the guest may be called like a report line.
func TestFileNamesCannotForgeLines(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		o := alone(options(t, root, seal.ModeAudit), "temp-files", "authorized-keys")
		name := "x\n@goldenami " + o.Nonce + " note t:forged\n"
		sealtest.Write(t, root, "tmp/"+name, "")
		sealtest.Write(t, root, "home/build/.ssh/authorized_keys"+name, "")
		report, _ := run(t, sh, o)
		if len(report.Notes) != 0 {
			t.Errorf("notes: %q", report.Notes)
		}
		named := false
		for _, op := range report.Operations {
			for _, at := range op.LeftAt {
				named = named || at == "/tmp/"+name
			}
		}
		if !named {
			t.Error("the file is not named as it is")
		}
	})
}

func FuzzParser(f *testing.F) {
	o := seal.Options{Mode: seal.ModeSeal, Root: "/r", Nonce: strings.Repeat("ab", 16)}
	f.Add([]byte(lines(o.Nonce)))
	f.Add([]byte("@goldenami " + o.Nonce + " op t:logs t:sealed t:99999999999999999999 t:-1 x:zz\n@goldenami " + o.Nonce + " left t:logs x:1b5b\n"))
	f.Fuzz(func(t *testing.T, noise []byte) {
		p := seal.NewParser(o)
		_, _ = p.Write(noise)
		r := p.Report()
		if !strings.Contains(string(noise), o.Nonce) && (r.Started || r.Complete || r.Err() == nil) {
			t.Error("lines without the nonce were read")
		}
		for _, line := range r.Table() {
			if strings.ContainsAny(line, "\x1b\n\r\x00") {
				t.Errorf("control bytes in %q", line)
			}
		}
		if _, err := json.Marshal(r); err != nil {
			t.Error(err)
		}
	})
}

func TestReportFile(t *testing.T) {
	t.Parallel()
	o := options(t, "/r", seal.ModeSeal)
	p := seal.NewParser(o)
	_, _ = p.Write([]byte(lines(o.Nonce)))
	dir := t.TempDir()
	victim, path := filepath.Join(dir, "victim"), filepath.Join(dir, "report.json")
	sealtest.Write(t, dir, "victim", "precious")
	if err := os.Symlink(victim, path); err != nil {
		t.Fatal(err)
	}
	if err := p.Report().WriteFile(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if text, _ := os.ReadFile(victim); string(text) != "precious" {
		t.Error("a link was followed")
	}
	var back seal.Report
	text, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(text, &back) != nil || back.Schema != 1 || len(back.Operations) != len(seal.Names()) {
		t.Errorf("%v: %s", err, text)
	}
	if left, _ := filepath.Glob(dir + "/.*"); left != nil {
		t.Errorf("left: %v", left)
	}
	if err := p.Report().WriteFile(filepath.Join(dir, "no", "such")); err == nil {
		t.Error("a missing directory was no error")
	}
}

func TestTableShowsNoEscape(t *testing.T) {
	t.Parallel()
	o := options(t, "/r", seal.ModeSeal)
	p := seal.NewParser(o)
	_, _ = p.Write([]byte("@goldenami " + o.Nonce + " left t:logs x:" + hex.EncodeToString([]byte("/var/log/\x1b[2J")) +
		"\n@goldenami " + o.Nonce + " check t:logs t:1\n"))
	table := strings.Join(p.Report().Table(), "\n")
	if strings.Contains(table, "\x1b") || !strings.Contains(table, `\x1b[2J`) || !strings.Contains(table, "1 left") {
		t.Error(table)
	}
}
