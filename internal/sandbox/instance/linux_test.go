//go:build linux

package instance_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
)

// linux gives a backend over the machine's own root. Where guests cannot run it checks that the backend says
// so in the words of Supported, and then there is nothing more to test.
func linux(t *testing.T, state string) (instance.Backend, bool) {
	t.Helper()
	want := instance.Supported()
	b, err := instance.NewLinux(state, "/")
	if want != nil {
		if err == nil || err.Error() != want.Error() {
			t.Fatalf("NewLinux says %v, Supported %v", err, want)
		}
		return nil, false
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b, true
}

func TestVendorImageLooksFresh(t *testing.T) {
	t.Parallel()
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	m := boot(t, b, "i-0vendor")
	for command, want := range map[string]string{
		"whoami":         "admin",
		"hostname":       "ip-0vendor",
		"pwd":            "/home/admin",
		"sudo -n whoami": "root",
		"ls /home":       "admin",
		"ls /opt /mnt /srv /media /var/tmp | grep -v :$ | grep . || true": "",
		"wc -c < /etc/machine-id":                                                  "33",
		"cat /var/lib/cloud/data/instance-id":                                      "i-0vendor",
		"grep -c default_user /etc/cloud/cloud.cfg":                                "1",
		"sudo cat /etc/shadow | cut -d: -f2 | sort -u | tr '\\n' ' '":              "! *",
		"stat -c '%a %U' /tmp /root /etc/ssh/ssh_host_ed25519_key | tr '\\n' ' '":  "1777 root 700 root 600 root",
		"sudo stat -c %a /etc/sudoers.d/90-cloud-init-users":                       "440",
		"getent hosts ip-0vendor | cut -d' ' -f1":                                  "127.0.1.1",
		"test -e /.dockerenv || test -e /work || test -e /lost+found || echo none": "none",
	} {
		if got := strings.TrimSpace(m.must(command)); got != want {
			t.Errorf("%s: got %q, want %q", command, got, want)
		}
	}
	if !strings.Contains(string(b.Console("i-0vendor")), "new user admin") {
		t.Errorf("console: %s", b.Console("i-0vendor"))
	}
}

func TestBootAndStopAreQuick(t *testing.T) {
	t.Parallel()
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	boot(t, b, "i-0warm") // builds the vendor layer
	best := time.Hour
	for _, id := range []string{"i-0a", "i-0b", "i-0c", "i-0d", "i-0e"} {
		begin := time.Now()
		boot(t, b, id)
		best = min(best, time.Since(begin))
	}
	t.Logf("fastest boot: %v", best)
	if best > 300*time.Millisecond {
		t.Errorf("fastest of five boots took %v", best)
	}
}

func TestShutdownAsksFirst(t *testing.T) {
	t.Parallel()
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	m := boot(t, b, "i-0stop")
	m.must(`setsid sh -c 'trap "echo asked > /var/tmp/asked; exit" TERM; touch /tmp/up; while :; do sleep 0.05; done' > /dev/null 2>&1 < /dev/null & while ! test -e /tmp/up; do sleep 0.01; done`)
	m.must(`setsid sh -c 'trap "" TERM HUP; touch /tmp/deaf; while :; do sleep 0.05; done' > /dev/null 2>&1 < /dev/null & while ! test -e /tmp/deaf; do sleep 0.01; done`)
	begin := time.Now()
	m.stop()
	if d := time.Since(begin); d < 2*time.Second || d > 8*time.Second {
		t.Errorf("a deaf program was given %v", d)
	}
	m.stop() // twice is no error
	if _, err := m.dial("admin", m.key); err == nil {
		t.Error("a stopped instance accepts connections")
	}
	m.start()
	if got := strings.TrimSpace(m.must("cat /var/tmp/asked")); got != "asked" {
		t.Errorf("the program was not asked: %q", got)
	}
}

func TestStartRefusesWhatItCannotDo(t *testing.T) {
	t.Parallel()
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	m := boot(t, b, "i-0one")
	if err := b.Start(t.Context(), m.spec); err == nil || !strings.Contains(err.Error(), "is running") {
		t.Errorf("second start: %v", err)
	}
	other := m.spec
	other.ID = "i-0two"
	if err := b.Start(t.Context(), other); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("address in use: %v", err)
	}
	other.Addr, other.Layers = addr(), []string{"snap-0missing"}
	if err := b.Start(t.Context(), other); err == nil || !strings.Contains(err.Error(), "snap-0missing") {
		t.Errorf("missing layer: %v", err)
	}
	other.Layers, other.User = nil, "root:x"
	if err := b.Start(t.Context(), other); err == nil || !strings.Contains(err.Error(), "default user") {
		t.Errorf("bad user: %v", err)
	}
	if _, err := b.Commit(t.Context(), m.spec.ID, "../x"); err == nil {
		t.Error("a layer id may leave the state directory")
	}
	if err := b.Terminate(t.Context(), "i-0unknown"); err != nil {
		t.Errorf("terminate unknown: %v", err)
	}
}

// A directory serves as base; it needs nothing in it that runs but what our own program is linked against.
func TestBaseDirectory(t *testing.T) {
	t.Parallel()
	if _, ok := linux(t, t.TempDir()); !ok {
		return
	}
	if _, err := instance.NewLinux(t.TempDir(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "root file system is needed") {
		t.Errorf("an empty base: %v", err)
	}
	base := filepath.Join(t.TempDir(), "a:b,c=d") // characters that mean something to mount
	for name, text := range map[string]string{
		"etc/passwd": "root:x:0:0::/root:/bin/sh\n", "etc/group": "root:x:0:\n", "usr/bin/x": "", "usr/lib/x": "", "var/lib/x": "",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(base, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(base, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if copyLibraries(t, base) {
		bare := t.TempDir()
		for _, d := range []string{"etc", "usr/bin", "usr/lib", "var/lib"} {
			if err := os.MkdirAll(filepath.Join(bare, d), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := instance.NewLinux(t.TempDir(), bare); err == nil || !strings.Contains(err.Error(), "CGO_ENABLED=0") {
			t.Errorf("a base without the C library: %v", err)
		}
	}
	before, err := os.ReadDir(base)
	if err != nil {
		t.Fatal(err)
	}
	b, err := instance.NewLinux(t.TempDir(), base)
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t, backend: b, key: newKey(t), spec: instance.Spec{ID: "i-0dir", Addr: addr(), User: "admin"}}
	m.spec.AuthorizedKey = m.key.line
	m.start()
	c := m.client() // a shell is not there, the login is
	if s, err := c.NewSession(); err != nil || s.Run("true") == nil {
		t.Errorf("a command ran without a shell: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	entries, err := os.ReadDir(base)
	if err != nil || len(entries) != len(before) {
		t.Errorf("the base changed: %v, %v", entries, err)
	}
}

// copyLibraries puts the libraries that the test program is linked against, if it is, into the base.
func copyLibraries(t *testing.T, base string) bool {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]bool{}
	for line := range strings.Lines(string(maps)) {
		if f := strings.Fields(line); len(f) > 5 && strings.Contains(f[5], ".so") {
			files[f[5]] = true
			if strings.Contains(f[5], "/ld-linux") { // the program names it by its place in these
				files["/lib64/"+filepath.Base(f[5])], files["/lib/"+filepath.Base(f[5])] = true, true
			}
		}
	}
	for name := range files {
		text, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		to := filepath.Join(base, name)
		if err := errors.Join(err, os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, text, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	return len(files) > 0
}

func TestCancelledStartLeavesNothing(t *testing.T) {
	t.Parallel()
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	m := boot(t, b, "i-0cancel")
	m.stop()
	for d := time.Duration(0); d < 40*time.Millisecond; d += 4 * time.Millisecond {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		err := b.Start(ctx, m.spec)
		cancel()
		if err == nil {
			m.stop()
		}
	}
	m.start()
	if got := strings.TrimSpace(m.must("whoami")); got != "admin" {
		t.Errorf("logged in as %q", got)
	}
}
