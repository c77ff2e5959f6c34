//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// TestOnErrorOfAParent: whatever is to be done with what a failed build made, its child
// is told at once. No terminal is there to ask.
func TestOnErrorOfAParent(t *testing.T) {
	t.Parallel()
	for on, c := range map[string]struct{ keeps, cleans bool }{
		"":                        {cleans: true},
		"cleanup":                 {cleans: true},
		"abort":                   {keeps: true},
		"ask":                     {cleans: true},
		"run-cleanup-provisioner": {keeps: true, cleans: true},
	} {
		t.Run("on-error="+on, func(t *testing.T) {
			t.Parallel()
			e := startEndpoint(t, "instant", "-instances", "none")
			cleaned := filepath.Join(t.TempDir(), "cleaned")
			args := []string{writeTemplate(t, ".pkr.hcl", source("b0", family, ami.OSOnly)+source("b1", family, ami.Hybrid)+fmt.Sprintf(`
build {
  sources = ["goldenami-ebs.b0", "goldenami-ebs.b1"]
  provisioner "shell-local" {
    only   = ["goldenami-ebs.b0"]
    inline = ["exit 7"]
  }
  error-cleanup-provisioner "shell-local" {
    only   = ["goldenami-ebs.b0"]
    inline = ["touch %s"]
  }
}
`, cleaned))}
			if on != "" {
				args = append([]string{"-on-error=" + on}, args...)
			}
			output := e.mustFail(t, args...)
			mustSay(t, output, `parent "goldenami-ebs.b0" (web/os-only (x86_64, us-east-1)) of this run failed: `)
			if n := count(e.calls(t), "RunInstances"); n != 1 {
				t.Errorf("%d instances were launched, not the parent's alone", n)
			}
			if _, err := os.Stat(cleaned); (err == nil) != c.cleans {
				t.Errorf("the error-cleanup-provisioner ran: %t\n%s", err == nil, output)
			}
			kept := slices.ContainsFunc(e.holdings(t), func(line string) bool { return strings.Contains(line, " instance ") })
			if kept != c.keeps {
				t.Errorf("an instance is left: %t\n%s", kept, output)
			}
			if !c.keeps {
				e.mustHold(t, nil, output)
			}
		})
	}
}
