//go:build linux

package instance_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
)

// finished waits for the end of the boot, which is after that of cloud-init.
func (m *machine) finished() {
	m.t.Helper()
	if got := m.must("cloud-init status --wait"); !strings.Contains(got, "status: done") {
		m.t.Errorf("cloud-init: %s\nconsole:\n%s", got, m.backend.Console(m.spec.ID))
	}
	r := m.try("systemctl is-system-running --wait; systemctl --failed --plain --no-legend")
	if r.out != "running\n" {
		m.t.Errorf("the system is %s%s", r.out, r.errOut)
	}
}

// One guest's life, in order, since to boot takes seconds; and by itself, since it keeps the processors busy while
// other tests have an eye on the time.
func TestGuestBootsAsAMachine(t *testing.T) {
	b, ok := booted(t, t.TempDir())
	if !ok {
		return
	}
	m := bootMachine(t, b, "i-0boot")
	m.finished()
	for command, want := range map[string]string{
		"whoami":                                       "admin",
		"hostname":                                     m.spec.Hostname,
		"hostname -f":                                  m.spec.Hostname + ".ec2.internal",
		"sudo -n cat /proc/1/comm":                     "systemd",
		"systemctl is-active ssh":                      "active",
		"cat /run/cloud-init/cloud-id":                 "aws",
		"cloud-init query instance_id":                 "i-0boot",
		"cloud-init query region":                      "us-east-1",
		"cat /var/lib/runs":                            "i-0boot",
		"sudo -n whoami":                               "root",
		"cut -c1-3 /sys/hypervisor/uuid":               "ec2",
		"cat /sys/class/net/ens5/mtu":                  "9001",
		"cat /sys/class/net/ens5/address":              "02:00:00:00:00:0a",
		"ip -4 -o address show ens5 | grep -o dynamic": "dynamic",
		"getent hosts " + m.spec.Hostname + ".ec2.internal | tr -s ' ' | cut -d' ' -f2": m.spec.Hostname + ".ec2.internal",
		"stat -f -c %T /": "overlayfs",
	} {
		if got := strings.TrimSpace(m.must(command)); got != want {
			t.Errorf("%s: got %q, want %q", command, got, want)
		}
	}
	console := string(b.Console("i-0boot"))
	for _, want := range []string{"Welcome to", "Debian GNU/Linux", "Cloud-init v. ", "Started ssh.service"} {
		if !strings.Contains(console, want) {
			t.Errorf("the console does not show %q:\n%s", want, console)
		}
	}
	t.Run("metadata", func(t *testing.T) { metadataInGuest(t, m) })
	t.Run("stop and start", func(t *testing.T) { stopAndStart(t, m) })
	t.Run("reboot and power-off by itself", func(t *testing.T) { byItself(t, m) })
	t.Run("image", func(t *testing.T) { imageOf(t, m) })
	if err := b.Terminate(t.Context(), "i-0boot"); err != nil {
		t.Error(err)
	}
	if groups := controlGroups(t, m.spec); len(groups) > 0 {
		t.Errorf("left: %v", groups)
	}
	if _, err := m.dial("admin", m.key); err == nil {
		t.Error("a terminated instance accepts connections")
	}
}

func metadataInGuest(t *testing.T, m *machine) {
	t.Helper()
	for command, want := range map[string]string{
		"curl -s -o /dev/null -w %{http_code} http://169.254.169.254/latest/meta-data/":                      "401",
		"curl -s -o /dev/null -w %{http_code} -X PUT http://169.254.169.254/latest/api/token":                "400",
		"curl -s -H \"X-aws-ec2-metadata-token: $T\" http://169.254.169.254/latest/meta-data/instance-id":    m.spec.ID,
		"curl -s -H \"X-aws-ec2-metadata-token: $T\" http://169.254.169.254/latest/meta-data/local-hostname": m.spec.Hostname + ".ec2.internal",
		"curl -s -H \"X-aws-ec2-metadata-token: $T\" http://169.254.169.254/latest/user-data | head -1":      "#!/bin/sh",
	} {
		token := "T=$(curl -s -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token); "
		if got := strings.TrimSpace(m.must(token + command)); got != want {
			t.Errorf("%s: got %q, want %q", command, got, want)
		}
	}
	// A network behind the guest, one hop further away, gets no token with a hop limit of one, and other answers.
	further := `ip netns add far; ip link add near type veth peer name far netns far
ip address add 10.9.0.1/32 dev near; ip link set near up; ip route add 172.31.16.99 dev near
ip -n far address add 172.31.16.99/32 dev far; ip -n far link set far up; ip -n far route add 10.9.0.1 dev far; ip -n far route add default via 10.9.0.1
sysctl -q net.ipv4.ip_forward=1 net.ipv4.conf.ens5.proxy_arp=1
nsenter --net=/run/netns/far curl -s -o /dev/null -w '%{http_code} ' --max-time 5 http://169.254.169.254/latest/meta-data/ || true
nsenter --net=/run/netns/far curl -s -o /dev/null -w '%{http_code}' --max-time 3 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token || true`
	if r := m.try("sudo sh -c '" + strings.ReplaceAll(further, "'", `'\''`) + "'"); r.out != "401 000" {
		t.Errorf("from further away: %q %s", r.out, r.errOut)
	}
}

func stopAndStart(t *testing.T, m *machine) {
	t.Helper()
	m.root("echo kept > /etc/kept; systemd-run --quiet --unit=last --property=ExecStop='/bin/sh -c \"echo asked > /etc/asked\"' sleep 86399")
	first, bootID := m.hostKey.Marshal(), m.bootID()
	begin := time.Now()
	m.stop()
	t.Logf("stopped after %.1f s", time.Since(begin).Seconds())
	if _, err := m.dial("admin", m.key); err == nil {
		t.Error("a stopped instance accepts connections")
	}
	if console := string(m.backend.Console(m.spec.ID)); !strings.Contains(console, "Reached target") || !strings.Contains(console, "Powering off.") {
		t.Errorf("the console shows no orderly power-off:\n%s", console)
	}
	begin = time.Now()
	m.start()
	t.Logf("up again after %.1f s", time.Since(begin).Seconds())
	m.finished()
	for command, want := range map[string]string{
		"cat /etc/kept": "kept", "cat /etc/asked": "asked", "cat /var/lib/runs": m.spec.ID,
		"sudo -n journalctl --no-pager -q -b -1 -u systemd-poweroff.service -u last.service | grep -c 'Stopped last.service'": "1",
	} {
		if got := strings.TrimSpace(m.must(command)); got != want {
			t.Errorf("after stop and start, %s: got %q, want %q", command, got, want)
		}
	}
	if !bytes.Equal(first, m.hostKey.Marshal()) {
		t.Error("another host key after stop and start")
	}
	if again := m.bootID(); again == bootID {
		t.Errorf("boot id %s twice", again)
	}
}

// byItself lets the guest's own init reboot the machine, and power it off.
func byItself(t *testing.T, m *machine) {
	t.Helper()
	before := m.bootID()
	m.must("sudo systemd-run --quiet --on-active=1 systemctl reboot")
	for now := before; now == before || now == ""; now = m.bootID() {
		if t.Context().Err() != nil {
			t.Fatal("the machine did not come back")
		}
		<-time.After(20 * time.Millisecond)
	}
	m.finished()
	m.must("sudo systemd-run --quiet --on-active=1 systemctl poweroff")
	select {
	case <-m.poweredOff:
	case <-t.Context().Done():
	}
	if _, err := m.dial("admin", m.key); err == nil {
		t.Error("a machine that is off accepts connections")
	}
	m.start()
	if got := m.must("cat /etc/kept"); got != "kept\n" {
		t.Errorf("after power-off and start: %q", got)
	}
}

func imageOf(t *testing.T, m *machine) {
	t.Helper()
	m.stop()
	n, err := m.backend.Commit(t.Context(), m.spec.ID, "layer-0")
	if err != nil || n == 0 {
		t.Fatalf("commit: %d bytes, %v", n, err)
	}
	second := bootMachine(t, m.backend, "i-0second", "layer-0")
	second.finished()
	for command, want := range map[string]string{
		"cat /etc/kept": "kept", "cloud-init query instance_id": "i-0second", "hostname": second.spec.Hostname,
		"tr '\\n' ' ' < /var/lib/runs": "i-0boot i-0second",
	} {
		if got := strings.TrimSpace(second.must(command)); got != want {
			t.Errorf("of the image, %s: got %q, want %q", command, got, want)
		}
	}
	if bytes.Equal(second.hostKey.Marshal(), m.hostKey.Marshal()) {
		t.Error("two instances with one host key")
	}
	attackFromMachine(t, second)
	if err := m.backend.Terminate(t.Context(), "i-0second"); err != nil {
		t.Error(err)
	}
}

func TestKilledParentLeavesNoMachine(t *testing.T) {
	if _, ok := booted(t, t.TempDir()); !ok {
		return
	}
	root, err := guestRoot()
	if err != nil {
		t.Fatal(err)
	}
	s := bootSpec("i-0victim")
	killVictim(t, t.TempDir()+":"+s.Addr.String()+":"+root)
	eventually(t, "the control group goes", func() bool { return len(controlGroups(t, s)) == 0 })
	// Nobody holds the guest's network any more, or its interfaces could not be made again.
	b, _ := booted(t, t.TempDir())
	if err := b.Start(t.Context(), s); err != nil {
		t.Errorf("the same instance again: %v", err)
	}
}

func TestStateBelongsToOneKindOfGuest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b, ok := linux(t, dir)
	if !ok {
		return
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	root, err := guestRoot()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := instance.NewBooted(dir, root); err == nil || !strings.Contains(err.Error(), "belongs to guests of kind overlay") {
		t.Errorf("the other kind's state: %v", err)
	}
	if _, err := instance.NewBooted(t.TempDir(), "/"); err == nil || !strings.Contains(err.Error(), "make guest-root") {
		t.Errorf("the machine's own root: %v", err)
	}
}
