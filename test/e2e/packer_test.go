//go:build e2e

package e2e

import (
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// packerRun is one run of Packer, which may still go on.
type packerRun struct {
	cmd  *exec.Cmd
	out  *lockedBuffer
	done chan struct{}
	err  error
}

// startPacker starts Packer in the root of the repository. Nothing of the machine's own
// Packer is used, and ledgers are the run's own unless env has a place for them.
func startPacker(t *testing.T, env []string, args ...string) *packerRun {
	t.Helper()
	dir := t.TempDir()
	r := &packerRun{cmd: exec.Command(built.packer, args...), out: &lockedBuffer{}, done: make(chan struct{})}
	r.cmd.Dir = built.root
	r.cmd.Env = slices.Concat([]string{"GOLDENAMI_LEDGER_DIR=" + filepath.Join(dir, "ledger")}, env, []string{
		"PACKER_PLUGIN_PATH=" + built.plugins, "PACKER_CONFIG_DIR=" + dir, "PACKER_CACHE_DIR=" + filepath.Join(dir, "cache"),
		"CHECKPOINT_DISABLE=1", "PACKER_NO_COLOR=1",
	})
	r.cmd.Stdout, r.cmd.Stderr = r.out, r.out
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		r.err = r.cmd.Wait()
		close(r.done)
	}()
	t.Cleanup(func() {
		if !r.ended() {
			_ = syscall.Kill(-r.cmd.Process.Pid, syscall.SIGKILL) // it hangs, which wait has reported
			<-r.done
		}
	})
	return r
}

func (r *packerRun) ended() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// wait gives the output and the error with which Packer ended.
func (r *packerRun) wait(t *testing.T, limit time.Duration) (string, error) {
	t.Helper()
	select {
	case <-r.done:
	case <-time.After(limit):
		t.Fatalf("packer has not ended after %s:\n%s", limit, r.out)
	}
	return r.out.String(), r.err
}

// interrupt does what Ctrl-C does: the whole group of processes gets the signal.
// Packer's outer process counts on that and passes nothing on.
func (r *packerRun) interrupt(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(-r.cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatalf("interrupt packer: %v\n%s", err, r.out)
	}
}

const buildLimit = 5 * time.Minute

// mustBuild runs packer build, which must succeed, and gives its output.
func (e *endpoint) mustBuild(t *testing.T, args ...string) string {
	t.Helper()
	out, err := startPacker(t, e.environ(), append([]string{"build", "-color=false"}, args...)...).wait(t, buildLimit)
	if err != nil {
		t.Fatalf("packer build: %v\n%s", err, out)
	}
	return out
}

// mustFail runs packer build, which must fail, and gives its output.
func (e *endpoint) mustFail(t *testing.T, args ...string) string {
	t.Helper()
	out, err := startPacker(t, e.environ(), append([]string{"build", "-color=false"}, args...)...).wait(t, buildLimit)
	if err == nil {
		t.Fatalf("packer build succeeded:\n%s", out)
	}
	return out
}

// tiersArgs are the arguments that build the example, written below dir.
func tiersArgs(dir string, more ...string) []string {
	return append(append([]string{
		"-var", `builder_cidrs=["127.0.0.0/8"]`, "-var", "upgrade=no", "-var", "images_json=" + filepath.Join(dir, "images.json"),
		"-var", "first_boot_file=" + filepath.Join(dir, "first-boot.mime"), "-var", "lineage_file=" + filepath.Join(dir, "lineage.json"),
	}, more...), "example/linux-tiers")
}
