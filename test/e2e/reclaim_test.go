//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// TestKilledRunIsCleanedUp kills Packer and all its plugins at once in the middle of a
// build, as the end of a machine does. The next run on this machine removes what is
// left, before it builds, and nothing else.
func TestKilledRunIsCleanedUp(t *testing.T) {
	for _, m := range []struct {
		name, action string
		nth          int
		delays       string
	}{
		{"when the build was marked", "CreateKeyPair", 1, `{}`},
		{"when a security group was made", "CreateSecurityGroup", 1, `{}`},
		{"while the instance boots", "RunInstances", 1, `{"boot":"3s"}`},
		{"while the image is made", "CreateImage", 1, `{"image":"3s"}`},
		{"while the image is copied", "CopyImage", 1, `{"copy":"3s"}`},
	} {
		t.Run(m.name, func(t *testing.T) {
			e := startEndpoint(t, m.delays, "-instances", "none")
			before := e.holdings(t)
			env := append(e.environ(), "GOLDENAMI_LEDGER_DIR="+filepath.Join(t.TempDir(), "ledger"))
			args := []string{"build", "-color=false", distributed(t)}
			run := startPacker(t, env, args...)
			until(t, fmt.Sprintf("%s number %d", m.action, m.nth), time.Minute, func() bool {
				if run.ended() {
					t.Fatalf("packer ended early:\n%s", run.out)
				}
				return count(e.calls(t), m.action) >= m.nth
			})
			if err := syscall.Kill(-run.cmd.Process.Pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			<-run.done
			if left := e.holdings(t); slices.Equal(left, before) {
				t.Fatalf("nothing is left, so that nothing is tried: %q", left)
			}
			called := len(e.calls(t))
			output, err := startPacker(t, env, args...).wait(t, buildLimit)
			if err != nil {
				t.Fatalf("packer build: %v\n%s", err, output)
			}
			mustBeAllowed(t, e.calls(t)[called:])
			if !strings.Contains(output, "Removing what run ") {
				t.Errorf("it is not told:\n%s", output)
			}
			want := append(imagesOf(e.image(t, home, ami.OSOnly)), imagesOf(e.image(t, ireland, ami.OSOnly))...)
			slices.Sort(want)
			e.mustHold(t, want, output)
		})
	}
}

// distributed is a template of one tier that is copied by the post-processor.
func distributed(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "template.pkr.hcl")
	text := source("web", family, ami.OSOnly) + fmt.Sprintf(`build {
  sources = ["goldenami-ebs.web"]
  post-processor "goldenami-distribute" {
    target {
      regions = [%q]
    }
  }
}
`, ireland)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestLedgerOfALivingRunIsLeftAlone: a second run while the first one builds removes
// nothing of it.
func TestLedgerOfALivingRunIsLeftAlone(t *testing.T) {
	e := startEndpoint(t, `{"boot":"3s"}`, "-instances", "none")
	env := append(e.environ(), "GOLDENAMI_LEDGER_DIR="+filepath.Join(t.TempDir(), "ledger"))
	args := func(family string) []string {
		return []string{"build", "-color=false", template(t, family, []declared{{"", ami.OSOnly}}, nil)}
	}
	first := startPacker(t, env, args("one")...)
	until(t, "the first launch", time.Minute, func() bool { return count(e.calls(t), "RunInstances") > 0 })
	second, err := startPacker(t, env, args("two")...).wait(t, buildLimit)
	if err != nil || strings.Contains(second, "Removing what") || strings.Contains(second, "not touched") {
		t.Errorf("the second run: %v\n%s", err, second)
	}
	if output, err := first.wait(t, buildLimit); err != nil {
		t.Errorf("the first run: %v\n%s", err, output)
	}
}
