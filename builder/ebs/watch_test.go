package ebs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// watchAs makes the test binary a plugin that waits for the end of its parent and
// writes down what it learned. With watchedAs too it is that parent.
const (
	watchAs   = "GOLDENAMI_TEST_WATCH"
	watchedAs = "GOLDENAMI_TEST_WATCHED"
)

func watch(path string) int {
	if os.Getenv(watchedAs) != "" {
		plugin := exec.CommandContext(context.Background(), os.Args[0])
		plugin.Env, plugin.Stdout = append(os.Environ(), watchedAs+"="), os.Stdout
		if plugin.Run() != nil {
			return 1
		}
		return 0
	}
	ctx, stop := whileParentLives(context.Background())
	defer stop()
	if err := os.WriteFile(path+".ready", nil, 0o600); err != nil {
		return 1
	}
	select {
	case <-ctx.Done():
	case <-time.After(30 * time.Second):
	}
	fmt.Println("a line for a pipe that nobody reads")
	if err := os.WriteFile(path, []byte(context.Cause(ctx).Error()), 0o600); err != nil {
		return 1
	}
	return 0
}

func appears(t *testing.T, path string) []byte {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		content, err := os.ReadFile(path)
		if err == nil && (len(content) > 0 || filepath.Ext(path) == ".ready") {
			return content
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		select {
		case <-deadline:
			t.Fatalf("%s does not appear", path)
		case <-tick.C:
		}
	}
}

// TestKilledPacker kills the parent of a plugin and its end of the output pipe, as
// kill -9 of Packer does. The plugin must learn it, and survive its next output.
func TestKilledPacker(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cause")
	parent := exec.CommandContext(t.Context(), os.Args[0])
	parent.Env = append(os.Environ(), watchAs+"="+path, watchedAs+"=yes")
	output, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	appears(t, path+".ready")
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := output.Close(); err != nil {
		t.Fatal(err)
	}
	if err := parent.Wait(); err == nil {
		t.Error("the parent was not killed")
	}
	if cause := string(appears(t, path)); cause != errParentGone.Error() {
		t.Errorf("cause %q", cause)
	}
}

func TestWatchEndsWithTheBuild(t *testing.T) {
	t.Parallel()
	ctx, stop := whileParentLives(t.Context())
	stop()
	if ctx.Err() == nil {
		t.Error("the context goes on")
	}
}
