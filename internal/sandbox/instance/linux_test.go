//go:build linux

package instance_test

import (
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

func TestVendorImageBoots(t *testing.T) {
	t.Parallel()
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	begin := time.Now()
	m := boot(t, b, "i-0vendor")
	t.Logf("first boot with vendor layer: %v", time.Since(begin))
	begin = time.Now()
	boot(t, b, "i-0second")
	t.Logf("boot: %v", time.Since(begin))
	t.Log(m.must("id; hostname; pwd; ls -la / /root /home /home/admin 2>&1; cat /proc/self/mountinfo; ps -ef || true; tty; env; cat /etc/machine-id /etc/hosts; ls -la /etc/ssh"))
	t.Log(string(b.Console("i-0vendor")))
	if who := strings.TrimSpace(m.must("whoami")); who != "admin" {
		t.Errorf("logged in as %q", who)
	}
	begin = time.Now()
	m.stop()
	t.Logf("stop: %v", time.Since(begin))
}
