//go:build linux

package instance_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
)

func commit(t *testing.T, b instance.Backend, id, layer string) int64 {
	t.Helper()
	n, err := b.Commit(t.Context(), id, layer)
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	return n
}

// checks runs commands and compares what they print.
func checks(t *testing.T, m *machine, want map[string]string) {
	t.Helper()
	for command, w := range want {
		if got := strings.TrimSpace(m.root(command)); got != w {
			t.Errorf("%s: %s: got %q, want %q", m.spec.ID, command, got, w)
		}
	}
}

// A tier is a layer: what the instance below made is there, what it deleted is gone, what names it is new.
func TestImageOfAnInstance(t *testing.T) {
	t.Parallel()
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	one := boot(t, b, "i-0one")
	one.root(`
		head -c 2000000 /dev/urandom > /opt/big; sha256sum < /opt/big > /opt/sum
		rm /etc/skel/.bashrc /usr/share/common-licenses/GPL-2
		rm -r /etc/skel; mkdir /etc/skel; echo new > /etc/skel/.only
		mv /usr/share/common-licenses /usr/share/moved
		echo a > /opt/a; ln /opt/a /opt/b; ln -s /etc/passwd /opt/l; mkfifo /opt/p
		chown admin:daemon /opt/a; chmod 4750 /opt/a; touch -d 2001-02-03T04:05:06.789Z /opt/a
		chmod 711 /opt`)
	id := one.must("cat /etc/machine-id")
	one.stop()
	if n := commit(t, b, "i-0one", "snap-1"); n < 2_000_000 || n > 4_000_000 {
		t.Errorf("layer of %d bytes", n)
	}

	two := boot(t, b, "i-0two", "snap-1")
	checks(t, two, map[string]string{
		"sha256sum < /opt/big | cmp - /opt/sum":           "",
		"ls -A /etc/skel":                                 ".only",
		"ls -A /home/admin/.bashrc":                       "/home/admin/.bashrc",
		"test -e /usr/share/common-licenses || echo gone": "gone",
		"test -e /usr/share/moved/GPL-3 && ! test -e /usr/share/moved/GPL-2 && echo moved": "moved",
		"stat -c '%a %U %G %h %y' /opt/a":                                                  "4750 admin daemon 2 2001-02-03 04:05:06.789000000 +0000",
		"stat -c %i /opt/a /opt/b | uniq | wc -l":                                          "1",
		"readlink /opt/l; stat -c '%F %a' /opt/p; stat -c %a /opt":                         "/etc/passwd\nfifo 644\n711",
		"hostname; cat /etc/hostname":                                                      "ip-0two\nip-0two",
		"grep -c launch /home/admin/.ssh/authorized_keys":                                  "2",
	})
	if bytes.Equal(one.hostKey.Marshal(), two.hostKey.Marshal()) {
		t.Error("both instances have the same host key")
	}
	if got := two.must("cat /etc/machine-id"); got != id {
		t.Error("a machine-id that was not emptied changed: systemd would keep it")
	}
	two.root(": > /etc/machine-id; rm -r /opt/*; rm -r /usr/share/moved; rm -rf /var/lib/cloud /etc/ssh/ssh_host_*; rm -r /root /home/admin/.ssh/authorized_keys; echo 2 > /opt/two")
	commit(t, b, "i-0two", "snap-2") // while it runs

	three := boot(t, b, "i-0three", "snap-1", "snap-2")
	checks(t, three, map[string]string{
		"ls -A /opt":                                      "two",
		"test -e /usr/share/moved || echo gone":           "gone",
		"ls -A /etc/skel":                                 ".only",
		"wc -c < /etc/machine-id":                         "33",
		"grep -c launch /home/admin/.ssh/authorized_keys": "1",
		"cat /var/lib/cloud/data/previous-instance-id":    "NO_PREVIOUS_INSTANCE_ID",
	})
	if three.must("cat /etc/machine-id") == id {
		t.Error("an emptied machine-id came back")
	}
	again := boot(t, b, "i-0other", "snap-1")
	checks(t, again, map[string]string{"ls /opt | tr '\\n' ' '": "a b big l p sum"})
}

func TestMissingHostKeysStayMissing(t *testing.T) {
	t.Parallel()
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	m := boot(t, b, "i-0nokeys")
	m.root("rm /etc/ssh/ssh_host_*")
	m.stop()
	m.start() // not a first boot: nothing makes them again
	if _, err := m.dial("admin", m.key); err == nil {
		t.Error("logged in without host keys")
	}
	if c := string(b.Console("i-0nokeys")); !strings.Contains(c, "no hostkeys available") {
		t.Errorf("console does not say why:\n%s", c)
	}
}

func TestDisksAndLayersOutliveTheBackend(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	b, ok := linux(t, state)
	if !ok {
		return
	}
	m := boot(t, b, "i-0base")
	m.root("echo layer > /opt/layer; rm /etc/issue")
	commit(t, b, "i-0base", "snap-base")
	up := boot(t, b, "i-0up", "snap-base")
	up.root("echo up > /opt/up; rm /opt/layer")
	gone := boot(t, b, "i-0gone", "snap-base")
	if err := b.Terminate(t.Context(), gone.spec.ID); err != nil {
		t.Fatal(err)
	}
	if err := b.DeleteLayer("snap-base"); err != nil { // in use: stays for i-0up
		t.Fatal(err)
	}
	if _, err := instance.NewLinux(state, "/"); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("second backend on the same state: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Start(t.Context(), up.spec); err == nil {
		t.Error("a closed backend starts instances")
	}

	b2, _ := linux(t, state)
	up.backend, m.backend = b2, b2
	if n := commit(t, b2, "i-0up", "snap-up"); n == 0 {
		t.Error("layer of a saved disk is empty")
	}
	up.start()
	checks(t, up, map[string]string{"ls /opt": "up", "test -e /etc/issue || echo gone": "gone", "cat /var/lib/cloud/data/instance-id": "i-0up"})
	if err := b2.Terminate(t.Context(), "i-0up"); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(state, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range left {
		left[i] = strings.TrimPrefix(left[i], state)
	}
	if got := strings.Join(left, " "); got != "/disks/i-0base.json /disks/i-0base.tar.gz /layers/snap-up.tar.gz" {
		t.Errorf("the state directory holds %s", got)
	}
	for _, l := range left {
		if st, err := os.Stat(state + l); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", l, st.Mode(), err)
		}
	}
}

func TestUserDataRunsOnce(t *testing.T) {
	t.Parallel()
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	m := &machine{t: t, backend: b, key: newKey(t)}
	m.spec = instance.Spec{ID: "i-0ud", Addr: addr(), User: "ec2-user", AuthorizedKey: m.key.line, UserData: []byte("#!/bin/sh\necho ran >> /opt/ran; echo said; id -u\n")}
	m.start()
	m.key.line = ""
	finished := func() string {
		c, err := m.dial("ec2-user", m.key)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		return run(t, c, "until test -e /var/lib/cloud/instance/boot-finished; do sleep 0.01; done; cat /opt/ran; sudo cat /var/log/cloud-init-output.log", "").out
	}
	const want = "ran\nsaid\n0\n"
	if got := finished(); got != want {
		t.Errorf("first boot: %q", got)
	}
	m.stop()
	m.start()
	if got := finished(); got != want {
		t.Errorf("second boot: %q", got)
	}
}
