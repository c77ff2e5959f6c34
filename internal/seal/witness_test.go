package seal_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// witnessed runs the program as a builder carries it, in pieces.
func witnessed(t *testing.T, o seal.Options, change func(report string) string) seal.Summary {
	t.Helper()
	text, err := seal.Program(o)
	if err != nil {
		t.Fatal(err)
	}
	var w seal.Witness
	var out bytes.Buffer
	if _, err := io.CopyBuffer(w.Program(), struct{ io.Reader }{strings.NewReader(text)}, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	sealtest.Dash(t).Run(t.Context(), t, text, &out)
	report := out.String()
	if change != nil {
		report = change(report)
	}
	if _, err := io.CopyBuffer(w.Report(), struct{ io.Reader }{strings.NewReader(report)}, make([]byte, 7)); err != nil {
		t.Fatal(err)
	}
	return w.Summary()
}

// The witness counts what the report of the provisioner counts.
func TestWitnessOfASeal(t *testing.T) {
	t.Parallel()
	root := sealtest.Plant(t)
	o := alone(options(t, root, seal.ModeSeal), "histories")
	o.Nonce = "0123456789abcdef0123456789abcdef"
	got := witnessed(t, o, func(report string) string {
		// What a tool of the guest prints, and what a file's name says, is no report.
		return "motd\n@goldenami 1 warning t:x\n" + report + "@goldenami 0123456789abcdef0123456789abcdef warning t:late\n"
	})
	if got.String() != "seal operations=1 removed=15 bytes=180 warnings=0" || !got.Clean() {
		t.Errorf("%q", got)
	}
	if again := witnessed(t, o, nil).String(); again != "seal operations=1 removed=0 bytes=0 warnings=0" {
		t.Errorf("sealed again: %q", again)
	}
}

// Nothing is told of a seal that is not whole.
func TestWitnessOfAFaultySeal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mode   seal.Mode
		change func(string) string
	}{
		"found":        {mode: seal.ModeAudit},
		"cut off":      {mode: seal.ModeSeal, change: func(r string) string { return r[:strings.LastIndex(r, "@goldenami")] }},
		"failed":       {mode: seal.ModeSeal, change: func(r string) string { return strings.ReplaceAll(r, "t:sealed", "t:failed") }},
		"other's":      {mode: seal.ModeSeal, change: func(r string) string { return strings.ReplaceAll(r, "@goldenami ", "@goldenami 0") }},
		"left":         {mode: seal.ModeSeal, change: func(r string) string { return strings.ReplaceAll(r, "check t:histories t:0", "check t:histories t:2") }},
		"another end":  {mode: seal.ModeSeal, change: func(r string) string { return strings.ReplaceAll(r, " end t:0", " end t:1") }},
		"lines of any": {mode: seal.ModeSeal, change: func(r string) string { return strings.ReplaceAll(r, "\n", strings.Repeat("x", 70<<10)+"\n") }},
	} {
		o := alone(options(t, sealtest.Plant(t), c.mode), "histories")
		if got := witnessed(t, o, c.change); got.Clean() || got.String() != "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	root := sealtest.Plant(t)
	without(t, root, "etc/cloud")
	o := options(t, root, seal.ModeSeal)
	if got := witnessed(t, o, nil); got.Clean() {
		t.Errorf("refused: %+v", got)
	}
}
