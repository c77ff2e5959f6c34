package instance_test

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
)

// victimDir names the variable that turns the test binary into a process which runs a guest until it is
// killed; its value is "state directory:address".
const victimDir = "GOLDENAMI_TEST_VICTIM"

func victim(arg string) {
	dir, address, _ := strings.Cut(arg, ":")
	err := func() error {
		b, err := instance.NewLinux(dir, "/")
		if err != nil {
			return err
		}
		s := instance.Spec{ID: "i-0victim", Addr: netip.MustParseAddr(address), User: "admin", UserData: []byte("#!/bin/sh\nexec sleep " + marker + "\n")}
		return b.Start(context.Background(), s)
	}()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("up")
	select {}
}

// marker finds the guest's program among the processes of the machine.
const marker = "86399.25"

func TestKilledParentLeavesNothing(t *testing.T) {
	if instance.Supported() != nil {
		_, err := instance.NewLinux(t.TempDir(), "/")
		if err == nil {
			t.Fatal("NewLinux works where Supported says it does not")
		}
		return
	}
	dir := t.TempDir()
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = append(os.Environ(), victimDir+"="+dir+":"+addr().String())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 256)
	n, err := out.Read(said)
	if err != nil || !bytes.HasPrefix(said[:n], []byte("up")) {
		t.Fatalf("victim: %s %v", said[:n], err)
	}
	eventually(t, "the guest's program starts", func() bool { return len(guestProcesses(t)) >= 3 })
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the victim ended by itself")
	}
	eventually(t, "guest processes go", func() bool { return len(guestProcesses(t)) == 0 })
	after, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(mounts, after) {
		t.Errorf("mounts differ:\n%s", after)
	}
	b, err := instance.NewLinux(dir, "/")
	if err != nil {
		t.Fatalf("the state directory cannot be used again: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

// guestProcesses are those with the marker, and guest stages in the victim's process tree.
func guestProcesses(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue // ended meanwhile
		}
		line := strings.ReplaceAll(string(text), "\x00", " ")
		if strings.Contains(line, marker) || strings.HasPrefix(line, "goldenami-guest-") {
			out = append(out, line)
		}
	}
	return out
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for begin := time.Now(); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begin) > 10*time.Second {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
