//go:build linux

package vendorlayer_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/vendorlayer"
)

// base is a small root. A name that ends with a slash is a directory.
func base(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, e := range []struct {
		name, text string
		mode       os.FileMode
	}{
		{"usr/bin/", "", 0o755},
		{"usr/sbin/", "", 0o755},
		{"usr/src/app/secret", "mine", 0o644},
		{"etc/skel/.profile", "skel", 0o644},
		{"etc/passwd", "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n", 0o644},
		{"etc/group", "root:x:0:\nshadow:x:42:\nutmp:x:43:\nsudo:x:27:alice\n", 0o644},
		{"etc/shadow", "alice:$6$hash:1::::::\n", 0o640},
		{"etc/shadow-", "alice:$6$old:1::::::\n", 0o600},
		{"etc/passwd-", "x", 0o644},
		{"etc/sudoers", "root ALL=(ALL) ALL\n", 0o440},
		{"etc/sudoers.d/alice", "alice ALL\n", 0o440},
		{"etc/ssh/ssh_host_rsa_key", "k", 0o600},
		{"etc/ssh/ssh_host_rsa_key.pub", "k", 0o644},
		{"etc/ssh/sshd_config", "c", 0o644},
		{"etc/machine-id", "0123\n", 0o444},
		{"etc/wireguard/wg0.conf", "key", 0o600},
		{"etc/wireguard/", "", 0o700},
		{"etc/hostname", "host\n", 0o644},
		{"etc/motd", "hello", 0o644},
		{"var/lib/dpkg/lock", "", 0o640},
		{"var/lib/mysql/t", "data", 0o644},
		{"var/lib/mysql/", "", 0o700},
		{"var/lib/misc/ok", "x", 0o644},
		{"var/log/nginx/access.log", "ip", 0o644},
		{"var/log/syslog", "log", 0o644},
		{"var/lib/cloud/data/instance-id", "i-x", 0o644},
		{"home/alice/.ssh/id", "key", 0o600},
		{"root/.ssh/id", "key", 0o600},
		{"opt/tool/x", "x", 0o644},
		{"tmp/x", "x", 0o644},
		{"data/x", "x", 0o644},
		{".dockerenv", "", 0o644},
		{"lib64/ld.so", "x", 0o644},
		{"var/lib/dbus/machine-id", "0123\n", 0o644},
	} {
		p := filepath.Join(root, e.name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(e.name, "/") {
			if err := os.MkdirAll(p, 0o755); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(p, []byte(e.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(p, e.mode); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// describe says of each entry what overlayfs makes of it.
func describe(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		var st unix.Stat_t
		if err := unix.Lstat(p, &st); err != nil {
			return err
		}
		var b [4]byte
		_, marked := unix.Lgetxattr(p, "trusted.overlay.opaque", b[:])
		switch {
		case st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == 0:
			out[rel] = "gone"
		case d.IsDir() && marked == nil:
			out[rel] = fmt.Sprintf("empty %o", st.Mode&0o7777)
		case d.IsDir():
			out[rel] = fmt.Sprintf("merged %o", st.Mode&0o7777)
		default:
			text, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			out[rel] = fmt.Sprintf("%o %s", st.Mode&0o7777, text)
		}
		out[rel] += fmt.Sprintf(" @%d", st.Mtim.Sec)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func build(t *testing.T, root string) (map[string]string, error) {
	t.Helper()
	dst := t.TempDir()
	err := vendorlayer.Build(dst, vendorlayer.Options{
		Base: root, User: "ec2-user", Hide: []string{filepath.Join(root, "usr/src/app"), filepath.Join(root, "usr/bin"), root, "/proc", filepath.Join(root, "home/alice"), filepath.Join(root, "usr/none")},
	})
	return describe(t, dst), err
}

func TestVendorLayer(t *testing.T) {
	t.Parallel()
	root := base(t)
	before := describe(t, root)
	got, err := build(t, root)
	if os.Geteuid() != 0 {
		if err == nil {
			t.Error("whiteouts can be made without root's rights")
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"data": "gone", ".dockerenv": "gone", "home": "empty 755", "root": "empty 700", "root/.profile": "644 skel", "opt": "empty 755",
		"tmp": "empty 1777", "var/tmp": "empty 1777", "var/log": "empty 755", "var/log/nginx": "merged 755", "var/lib/mysql": "empty 700",
		"etc": "merged 755", "etc/wireguard": "empty 700", "etc/sudoers.d/alice": "gone", "etc/shadow-": "gone", "etc/passwd-": "gone",
		"etc/shadow": "640 root:*:19700:0:99999:7:::\n", "etc/passwd": "644 root:x:0:0::/root:/bin/sh\n",
		"etc/group": "644 root:x:0:\nshadow:x:42:\nutmp:x:43:\nsudo:x:27:\n", "etc/ssh/ssh_host_rsa_key": "gone", "etc/ssh/ssh_host_rsa_key.pub": "gone",
		"etc/machine-id": "444 ", "etc/hostname": "644 localhost\n", "var/lib/cloud": "empty 755", "var/lib/dbus/machine-id": "gone",
		"usr/src/app": "gone", "usr/src": "merged 755",
	} {
		if text, _, _ := strings.Cut(got[name], " @"); text != want {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
	for _, name := range []string{"etc/sudoers", "etc/ssh/sshd_config", "etc/motd", "var/lib/dpkg", "var/lib/misc/ok", "usr/bin", "lib64", "home/alice", "etc/wireguard/wg0.conf"} {
		if text, ok := got[name]; ok {
			t.Errorf("%s: the layer says %q", name, text)
		}
	}
	if !strings.HasPrefix(got["usr/sbin/policy-rc.d"], "755 #!/bin/sh") {
		t.Errorf("policy-rc.d: %s", got["usr/sbin/policy-rc.d"])
	}
	if !strings.Contains(got["etc/cloud/cloud.cfg"], "name: ec2-user\n") {
		t.Errorf("cloud.cfg: %s", got["etc/cloud/cloud.cfg"])
	}
	if after := describe(t, root); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the base changed:\n%v\n%v", before, after)
	}
	time.Sleep(2 * time.Millisecond)
	again, err := build(t, root)
	if err != nil || fmt.Sprint(again) != fmt.Sprint(got) {
		t.Errorf("a second build differs: %v", err)
	}
}

func TestBaseWithoutAccounts(t *testing.T) {
	t.Parallel()
	if _, err := build(t, t.TempDir()); err == nil || !strings.Contains(err.Error(), "vendor layer of") {
		t.Errorf("got %v", err)
	}
}
