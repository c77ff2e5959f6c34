//go:build linux

package instance_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// machineAttacks must all fail. Each is harmless where it succeeds.
var machineAttacks = []attack{
	{"disk node", `mknod /tmp/disk b $MAJOR $MINOR && head -c 1 /tmp/disk`},
	{"memory node", `mknod /dev/mem c 1 1`},
	{"kernel memory", `head -c 1 /proc/kcore | grep -q .`},
	{"sysrq help", `echo h > /proc/sysrq-trigger`},
	{"core pattern", `v=$(cat /proc/sys/kernel/core_pattern) && echo "$v" > /proc/sys/kernel/core_pattern`},
	{"make /proc/sys writable", `mount -o remount,rw,bind /proc/sys && v=$(cat /proc/sys/kernel/core_pattern) && echo "$v" > /proc/sys/kernel/core_pattern`},
	{"core pattern by a fresh proc", `mount -t proc proc /mnt && v=$(cat /mnt/sys/kernel/core_pattern) && echo "$v" > /mnt/sys/kernel/core_pattern`},
	{"control groups, version 1", `mount -t cgroup -o cpu cg /mnt && v=$(cat /mnt/cpu.shares) && echo $v > /mnt/cpu.shares || mkdir /mnt/made`},
	{"freezer", `mount -t cgroup -o freezer cg /mnt && mkdir /mnt/made`},
	{"kernel settings", `mount -t sysfs s /mnt && v=$(sed "s/.*\[\(.*\)\].*/\1/" /mnt/kernel/mm/transparent_hugepage/enabled) && echo $v > /mnt/kernel/mm/transparent_hugepage/enabled`},
	{"debugfs", `mount -t debugfs dbg /mnt`},
	{"devtmpfs", `mount -t devtmpfs dev /mnt`},
	{"set the clock", `date -s "$(date)"`},
	{"kernel log", `dmesg | grep .`},
	{"the host's os-release", `mount -o remount,rw,bind /run/host/os-release; echo x >> /run/host/os-release`},
	{"the machine's own network", `curl -s --max-time 2 http://$OUTSIDE/`},
	{"the machine by the router", `curl -s --max-time 2 http://172.31.16.1:$PORT/`},
}

func attackFromMachine(t *testing.T, m *machine) {
	t.Helper()
	canary := filepath.Join(t.TempDir(), "canary")
	if err := os.WriteFile(canary, []byte("alive"), 0o600); err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Stat("/", &st); err != nil {
		t.Fatal(err)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	port := l.Addr().(*net.TCPAddr).Port
	before := hostState(t, canary)
	env := fmt.Sprintf("export CANARY=%s MAJOR=%d MINOR=%d PORT=%d OUTSIDE=%s:%d\n", canary, unix.Major(st.Dev), unix.Minor(st.Dev), port, outside(), port)
	escape := attack{"chroot escape", chrootEscape}
	for _, a := range append([]attack{escape}, machineAttacks...) {
		r := m.try("sudo -n unshare -m sh -c '" + strings.ReplaceAll(env+a.script, "'", `'\''`) + "'")
		if r.code == 0 {
			t.Errorf("%s: succeeded: %s%s", a.name, r.out, r.errOut)
		}
		t.Logf("%s: exit %d: %s", a.name, r.code, strings.TrimSpace(r.errOut))
	}
	// The machine's root is not the host's: its 0 is one of 65536 ids that nobody has.
	ids := strings.Fields(m.must("cat /proc/self/uid_map"))
	if len(ids) != 3 || ids[0] != "0" || len(ids[1]) < 10 || ids[2] != "65536" {
		t.Errorf("ids are %v", ids)
	}
	if after := hostState(t, canary); after != before {
		t.Errorf("the host changed:\nbefore %s\nafter  %s", before, after)
	}
}

// outside is an address of this machine that is no loopback's, or one that is nobody's.
func outside() string {
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.To4() != nil && !ip.IP.IsLoopback() {
			return ip.IP.String()
		}
	}
	return "192.0.2.1"
}
