//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// seat is what a build of a run tells the others.
type seat struct {
	Tier    ami.Tier `json:"tier"`
	Process struct {
		PID int `json:"pid"`
	} `json:"process"`
	Result struct {
		Status string `json:"status"`
	} `json:"result"`
	Waits struct {
		Tier ami.Tier `json:"tier"`
	} `json:"waits"`
}

// seats reads what the builds have told, by tier; those that are not there yet are zero.
func seats(t *testing.T, temp string) map[ami.Tier]seat {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(temp, "goldenami-*", "run-*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[ami.Tier]seat{}
	for _, file := range files {
		var s seat
		raw, err := os.ReadFile(file)
		if err != nil || json.Unmarshal(raw, &s) != nil {
			continue // it was replaced since
		}
		all[s.Tier] = s
	}
	return all
}

// startWaiting starts a run whose OS-only instance boots for long, and gives it when the
// hybrid build waits for that.
func startWaiting(t *testing.T, e *endpoint) (*packerRun, string) {
	t.Helper()
	temp := t.TempDir()
	file := template(t, "", []declared{{"web", ami.OSOnly}, {"web", ami.Hybrid}}, nil)
	run := startPacker(t, append(e.environ(), "TMPDIR="+temp), "build", "-color=false", file)
	until(t, "the wait for the parent", time.Minute, func() bool {
		if run.ended() {
			t.Fatalf("packer ended early:\n%s", run.out)
		}
		return seats(t, temp)[ami.Hybrid].Waits.Tier == ami.OSOnly && count(e.calls(t), "RunInstances") > 0
	})
	return run, temp
}

// TestKilledSibling kills the plugin that makes the parent.
func TestKilledSibling(t *testing.T) {
	e := startEndpoint(t, `{"boot":"8s"}`, "-instances", "none")
	run, temp := startWaiting(t, e)
	if err := syscall.Kill(seats(t, temp)[ami.OSOnly].Process.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	output, err := run.wait(t, time.Minute)
	if err == nil || !strings.Contains(strings.Join(strings.Fields(output), " "), "of this run died: its plugin process ended without a result") {
		t.Errorf("packer ended with %v:\n%s", err, output)
	}
	t.Logf("packer ended %s after kill -9 of the parent's plugin", time.Since(began).Round(10*time.Millisecond))
	if n := count(e.calls(t), "RunInstances"); n != 1 {
		t.Errorf("%d instances were launched", n)
	}
}

// TestKilledPacker kills Packer while a child waits: all its plugins end by themselves
// and leave nothing.
func TestKilledPacker(t *testing.T) {
	e := startEndpoint(t, `{"boot":"8s"}`, "-instances", "none")
	run, temp := startWaiting(t, e)
	plugins := seats(t, temp)
	core := parentOf(t, plugins[ami.Hybrid].Process.PID)
	began := time.Now()
	if err := syscall.Kill(core, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for _, tier := range []ami.Tier{ami.Hybrid, ami.OSOnly} {
		pid := plugins[tier].Process.PID
		until(t, fmt.Sprintf("the end of the plugin for %s", tier), time.Minute, func() bool { return syscall.Kill(pid, 0) != nil })
		t.Logf("the plugin for %s ended %s after kill -9 of Packer", tier, time.Since(began).Round(10*time.Millisecond))
	}
	output, _ := run.wait(t, time.Minute) // its outer process may call the killed one's end good
	e.mustHold(t, nil, output)
}

// parentOf asks the system whose child a process is.
func parentOf(t *testing.T, pid int) int {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(raw), "PPid:")
	parent, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		t.Fatal(err)
	}
	return parent
}

// TestSignalsEndTheWait: the child gives up as soon as the user does.
func TestSignalsEndTheWait(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			e := startEndpoint(t, `{"boot":"8s"}`, "-instances", "none")
			run, temp := startWaiting(t, e)
			began := time.Now()
			if err := syscall.Kill(-run.cmd.Process.Pid, signal); err != nil {
				t.Fatal(err)
			}
			until(t, "the end of the wait", 20*time.Second, func() bool {
				return run.ended() || seats(t, temp)[ami.Hybrid].Result.Status == "failed"
			})
			t.Logf("the child gave up %s after %s", time.Since(began).Round(10*time.Millisecond), signal)
			output, err := run.wait(t, time.Minute)
			if err == nil {
				t.Errorf("packer ended well:\n%s", output)
			}
			e.mustHold(t, nil, output)
		})
	}
}
