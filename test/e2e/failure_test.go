//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// TestFailuresLeaveNothing makes builds fail at different points and looks at
// what the account holds afterwards.
func TestFailuresLeaveNothing(t *testing.T) {
	e := startEndpoint(t, "instant")
	cases := []struct {
		name string
		vars []string
		want []string // in the output
		runs int      // instances launched
	}{
		{"a stage", []string{"stage=exit 7"}, []string{"broken", "7"}, 1},
		{"a provisioner", []string{"shell=exit 9"}, []string{"9"}, 1},
		{"no key in a Region", []string{"kms_key=alias/missing"}, []string{"alias/missing", ireland, "create it there"}, 0},
		{"no source image", []string{"source_name=nothing-*"}, []string{"source_ami_filter"}, 0},
		{"no subnet", []string{"subnet=subnet-00000000000000000"}, []string{"subnet-00000000000000000"}, 0},
		{"distribution", []string{"distribute_key=alias/missing"}, []string{"goldenami-distribute", "alias/missing", tokyo}, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			before := e.calls(t)
			var args []string
			for _, v := range c.vars {
				args = append(args, "-var", v)
			}
			output := e.mustFail(t, append(args, "test/e2e/testdata/failing.pkr.hcl")...)
			for _, text := range c.want {
				if !strings.Contains(output, text) {
					t.Errorf("the output does not say %q:\n%s", text, output)
				}
			}
			if got := count(e.calls(t)[len(before):], "RunInstances"); got != c.runs {
				t.Errorf("%d instances were launched, not %d\n%s", got, c.runs, output)
			}
			e.mustHold(t, nil, output)
		})
	}
}
