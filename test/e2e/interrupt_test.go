//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// TestInterrupt presses Ctrl-C in the middle of the hybrid build: what was
// finished before stays, and nothing else.
func TestInterrupt(t *testing.T) {
	// The call that belongs to the hybrid build, which waits for the OS-only one: the
	// second of its kind; the third launch, since each image is tested; the fourth key
	// pair, since each build is marked with one. The delays hold the build at that point
	// for a while.
	moments := []struct {
		name, action string
		nth          int
		delays       string
	}{
		{"while the instance boots", "RunInstances", 3, `{"boot":"3s"}`},
		{"while the image is tested", "RunInstances", 4, `{"boot":"3s"}`},
		{"while the image is made", "CreateImage", 2, `{"image":"3s"}`},
		{"while the instance stops", "StopInstances", 2, `{"stop":"3s"}`},
		{"when a key pair was made", "CreateKeyPair", 4, `{}`},
		{"when a security group was made", "CreateSecurityGroup", 2, `{}`},
	}
	for _, m := range moments {
		t.Run(m.name, func(t *testing.T) {
			e := startEndpoint(t, m.delays)
			e.makeKeys(t, ireland, tokyo)
			run := startPacker(t, e.environ(), append([]string{"build", "-color=false"}, tiersArgs(t.TempDir())...)...)
			until(t, fmt.Sprintf("%s number %d", m.action, m.nth), 2*time.Minute, func() bool {
				if run.ended() {
					t.Fatalf("packer ended early:\n%s", run.out)
				}
				return count(e.calls(t), m.action) >= m.nth
			})
			run.interrupt(t)
			output, err := run.wait(t, time.Minute)
			if err == nil {
				t.Errorf("packer ended with success after Ctrl-C:\n%s", output)
			}
			e.mustHold(t, imagesOf(e.image(t, home, ami.OSOnly)), output)
		})
	}
}

// TestInterruptedCopies presses Ctrl-C while copies are under way: the images at
// home were good before, the copies go.
func TestInterruptedCopies(t *testing.T) {
	e := startEndpoint(t, `{"copy":"5s"}`)
	e.makeKeys(t, ireland, tokyo)
	args := tiersArgs(t.TempDir())
	run := startPacker(t, e.environ(), append([]string{"build", "-color=false"}, args...)...)
	until(t, "both copies", 3*time.Minute, func() bool {
		if run.ended() {
			t.Fatalf("packer ended early:\n%s", run.out)
		}
		return count(e.calls(t), "CopyImage") >= 2
	})
	run.interrupt(t)
	output, err := run.wait(t, time.Minute)
	if err == nil {
		t.Errorf("packer ended with success after Ctrl-C:\n%s", output)
	}
	for _, line := range e.holdings(t) {
		if !slices.Contains(e.atHome(t), line) {
			t.Errorf("left after Ctrl-C: %s\n%s", line, output)
		}
	}
	e.mustBuild(t, args...)
	for _, region := range regions {
		e.image(t, region, ami.Full)
	}
}

// atHome are the finished images of all tiers in the build Region.
func (e *endpoint) atHome(t *testing.T) []string {
	t.Helper()
	found, err := ami.Find(t.Context(), e.ec2(home), home, ami.Query{Family: family})
	if err != nil {
		t.Fatal(err)
	}
	return imagesOf(found...)
}
