package instance_test

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
)

// victimDir names the variable that turns the test binary into a process which runs a guest until it is
// killed; its value is "state directory:address", and ":root" after that where the guest is to boot.
const victimDir = "GOLDENAMI_TEST_VICTIM"

func victim(arg string) {
	dir, address, _ := strings.Cut(arg, ":")
	address, root, boots := strings.Cut(address, ":")
	err := func() error {
		if boots {
			b, err := instance.NewBooted(dir, root)
			if err != nil {
				return err
			}
			s := bootSpec("i-0victim")
			s.Addr = netip.MustParseAddr(address)
			return b.Start(context.Background(), s)
		}
		b, err := instance.NewLinux(dir, "/")
		if err != nil {
			return err
		}
		s := instance.Spec{ID: "i-0victim", Addr: netip.MustParseAddr(address), User: "admin", UserData: []byte("#!/bin/sh\nexec sleep 86399\n")}
		return b.Start(context.Background(), s)
	}()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("up")
	select {}
}

func TestKilledParentLeavesNothing(t *testing.T) {
	if instance.Supported() != nil {
		_, err := instance.NewLinux(t.TempDir(), "/")
		if err == nil {
			t.Fatal("NewLinux works where Supported says it does not")
		}
		return
	}
	dir := t.TempDir()
	killVictim(t, dir+":"+addr().String())
	b, err := instance.NewLinux(dir, "/")
	if err != nil {
		t.Fatalf("the state directory cannot be used again: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

// killVictim starts the victim, kills it once its guest is up, and looks for what is left.
func killVictim(t *testing.T, arg string) {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = append(os.Environ(), victimDir+"="+arg)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 4096)
	n, err := out.Read(said)
	if err != nil || !bytes.HasPrefix(said[:n], []byte("up")) {
		t.Fatalf("victim: %s %v", said[:n], err)
	}
	eventually(t, "the guest's program starts", func() bool { return len(descendants(t, cmd.Process.Pid)) >= 3 })
	guests := descendants(t, cmd.Process.Pid)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the victim ended by itself")
	}
	eventually(t, "guest processes go", func() bool { return alive(guests) == 0 })
	after, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(mounts, after) {
		t.Errorf("mounts differ:\n%s", after)
	}
}

// process tells one process from a later one with the same id.
type process struct{ pid, started string }

// descendants are the processes below one.
func descendants(t *testing.T, root int) map[process]bool {
	t.Helper()
	parents := map[process]string{}
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue // ended meanwhile
		}
		_, rest, _ := strings.Cut(string(text), ") ") // proc_pid_stat(5): the name may hold anything
		if fields := strings.Fields(rest); len(fields) > 19 {
			parents[process{filepath.Base(filepath.Dir(f)), fields[19]}] = fields[1]
		}
	}
	below := map[string]bool{strconv.Itoa(root): true}
	out := map[process]bool{}
	for grown := true; grown; {
		grown = false
		for p, parent := range parents {
			if below[parent] && !below[p.pid] {
				below[p.pid], out[p], grown = true, true, true
			}
		}
	}
	return out
}

// alive counts those that still run, as whosever children.
func alive(processes map[process]bool) int {
	n := 0
	for p := range processes {
		text, err := os.ReadFile(filepath.Join("/proc", p.pid, "stat"))
		_, rest, _ := strings.Cut(string(text), ") ")
		if f := strings.Fields(rest); err == nil && len(f) > 19 && f[19] == p.started && f[0] != "Z" {
			n++
		}
	}
	return n
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for begin := time.Now(); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begin) > 10*time.Second {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
