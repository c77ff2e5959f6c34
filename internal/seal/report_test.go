package seal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
)

// Lines with the nonce that make no sense are dropped, and what they should have
// said counts as unsaid.
func TestSenselessLinesAreDropped(t *testing.T) {
	t.Parallel()
	o := options(t, "/r", seal.ModeSeal)
	for name, line := range map[string]string{
		"unknown kind":           "reboot t:now",
		"unknown operation":      "op t:nothing t:sealed t:1 t:1 x:",
		"too few fields":         "op t:logs t:sealed",
		"a field without a mark": "op t:logs t:sealed 1 t:1 x:",
		"bad hex":                "op t:logs t:sealed t:1 t:1 x:0",
		"a count that is none":   "op t:logs t:sealed t:many t:1 x:",
		"a check that is none":   "check t:logs t:none",
		"an end that is none":    "end t:soon",
		"a line without end":     "note t:" + strings.Repeat("x", 100<<10),
	} {
		p := seal.NewParser(o)
		_, _ = p.Write([]byte("@goldenami " + o.Nonce + " " + line + "\n"))
		r := p.Report()
		if len(r.Notes) != 0 || r.Complete {
			t.Errorf("%s was read", name)
		}
		for _, op := range r.Operations {
			if op.Result != seal.ResultUnreported || op.Check != seal.ResultUnreported {
				t.Errorf("%s: %s became %s, %s", name, op.Name, op.Result, op.Check)
			}
		}
		_, _ = p.Write([]byte(lines(o.Nonce)))
		if err := p.Report().Err(); err != nil {
			t.Errorf("after %s a good report is not read: %v", name, err)
		}
	}
}

// A second line about an operation cannot turn its failure into a success.
func TestTheFirstWordCounts(t *testing.T) {
	t.Parallel()
	o := options(t, "/r", seal.ModeSeal)
	p := seal.NewParser(o)
	_, _ = p.Write([]byte("@goldenami " + o.Nonce + " op t:logs t:failed t:0 t:0 t:why\n@goldenami " + o.Nonce + " check t:logs t:3\n" + lines(o.Nonce)))
	err := p.Report().Err()
	if err == nil || !strings.Contains(err.Error(), "logs failed: why") || !strings.Contains(err.Error(), "logs: 3 left") {
		t.Error(err)
	}
}

func TestTableShowsSizesForPeople(t *testing.T) {
	t.Parallel()
	o := options(t, "/r", seal.ModeSeal)
	for bytes, want := range map[string]string{"0": "0 B", "1023": "1023 B", "1024": "1.0 KiB", "1572864": "1.5 MiB", "5368709120": "5.0 GiB"} {
		p := seal.NewParser(o)
		_, _ = p.Write([]byte("@goldenami " + o.Nonce + " op t:logs t:sealed t:7 t:" + bytes + " x:\n"))
		if table := strings.Join(p.Report().Table(), "\n"); !strings.Contains(table, want) {
			t.Errorf("%s bytes are not %q in\n%s", bytes, want, table)
		}
	}
}

// A report that cannot take its place leaves nothing behind.
// Nothing ran, so there is no table of what was not reported.
func TestTableOfARefusedRunIsEmpty(t *testing.T) {
	t.Parallel()
	o := options(t, "/r", seal.ModeSeal)
	p := seal.NewParser(o)
	for _, line := range []string{"start t:seal", "preflight t:host-keys t:none", "end t:2"} {
		_, _ = p.Write([]byte("@goldenami " + o.Nonce + " " + line + "\n"))
	}
	if r := p.Report(); len(r.Refusals) != 1 || r.Table() != nil {
		t.Errorf("%+v: %q", r.Refusals, r.Table())
	}
}

func TestReportFileInTheWay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "report.json")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	err := seal.NewParser(options(t, "/r", seal.ModeSeal)).Report().WriteFile(path)
	if err == nil || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
	if left, _ := filepath.Glob(dir + "/.*"); left != nil {
		t.Errorf("left: %v", left)
	}
}

func TestFaultyOptionsGiveNoProgram(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*seal.Options){
		"mode":  func(o *seal.Options) { o.Mode = "" },
		"keep":  func(o *seal.Options) { o.Keep = []string{"x"} },
		"all":   func(o *seal.Options) { o.Skip = seal.Names() },
		"nonce": func(o *seal.Options) { o.Nonce = "$(id)" },
		"root":  func(o *seal.Options) { o.Root = "relative" },
	} {
		o := options(t, "/nowhere", seal.ModeSeal)
		change(&o)
		if text, err := seal.Program(o); err == nil || text != "" {
			t.Errorf("%s: a program", name)
		}
	}
}
