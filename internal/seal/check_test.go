package seal_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// runChanged runs the program for o with more definitions before its last line.
func runChanged(t *testing.T, o seal.Options, more string) (*seal.Report, int) {
	t.Helper()
	text, err := seal.Program(o)
	if err != nil {
		t.Fatal(err)
	}
	const last = "main </dev/null\n"
	if !strings.HasSuffix(text, last) {
		t.Fatal("the program no longer ends with its call of main")
	}
	parser := seal.NewParser(o)
	status, _ := sealtest.Dash(t).Run(t.Context(), t, strings.TrimSuffix(text, last)+more+"\n"+last, parser)
	return parser.Report(), status
}

// alone gives the options with which no other operation runs.
func alone(o seal.Options, names ...string) seal.Options {
	o.Enable = slices.DeleteFunc(o.Enable, func(other string) bool { return !slices.Contains(names, other) })
	o.Skip = slices.DeleteFunc(seal.Names(), func(other string) bool { return slices.Contains(names, other) })
	return o
}

// A removal that does nothing and says it went well is caught by its check, for
// every operation: the checks do not take the removals' word.
func TestEachCheckCatchesARemovalThatDidNothing(t *testing.T) {
	t.Parallel()
	for _, name := range seal.Names() {
		if removesNothing(name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			idle := strings.ReplaceAll(name, "-", "_") + "_seal() { true; }"
			report, status := runChanged(t, alone(options(t, sealtest.Plant(t), seal.ModeSeal), name), idle)
			left := operationsOf(report, func(op seal.OperationReport) bool {
				return op.Check != seal.ResultClean && op.Check != seal.ResultSkipped
			})
			if status != seal.ExitLeft || len(left) != 1 || left[0] != name {
				t.Errorf("status %d, left by %v", status, left)
			}
		})
	}
}

// An operation or a check that ends its shell is a failure with its name, and
// the others run.
func TestAnOperationThatDiesIsReported(t *testing.T) {
	t.Parallel()
	for what, more := range map[string]string{
		"unset variable": `logs_seal() { echo "$no_such_variable"; }`,
		"exit":           `logs_seal() { exit 0; }`,
		"check":          `logs_check() { exit 10; }`,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			root := sealtest.Plant(t)
			report, _ := runChanged(t, options(t, root, seal.ModeSeal), more)
			err := report.Err()
			if err == nil || !strings.Contains(err.Error(), "logs") {
				t.Errorf("%v", err)
			}
			for _, op := range report.Operations {
				if op.Name != "logs" && (op.Result != seal.ResultSealed || op.Check != seal.ResultClean) {
					t.Errorf("%s: %s, check %s", op.Name, op.Result, op.Check)
				}
			}
		})
	}
}

// A program that arrives cut off changes nothing, wherever it was cut.
func TestACutProgramDoesNothing(t *testing.T) {
	t.Parallel()
	root := sealtest.Plant(t)
	text, err := seal.Program(options(t, root, seal.ModeSeal))
	if err != nil {
		t.Fatal(err)
	}
	sh := sealtest.Dash(t)
	for cut := len(text) - len("main </dev/null\n"); cut > 0; cut -= 4099 {
		var out strings.Builder
		sh.Run(t.Context(), t, text[:cut], &out)
		if out.Len() != 0 {
			t.Errorf("cut at %d of %d it said %q", cut, len(text), out.String())
		}
	}
	report, _ := run(t, sh, options(t, root, seal.ModeAudit))
	eachCanaryIsNamed(t, root, report)
}
