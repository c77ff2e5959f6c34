//go:build linux

package instance_test

import (
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// attack is something that the guest's root tries. Each is harmless where it succeeds: it would write what
// is there already, or touch the test's own files.
type attack struct{ name, script string }

// attacks must all fail.
var attacks = []attack{
	{"list pid 1's root", `ls /proc/1/root/`},
	{"list pid 1's cwd", `ls /proc/1/cwd/`},
	{"read pid 1's descriptors", `for f in /proc/1/fd/*; do readlink $f && exit; (: < $f) && exit; done; exit 1`},
	{"read pid 1's binary", `head -c 4 /proc/1/exe`},
	{"read pid 1's memory", `head -c 1 /proc/1/mem`},
	{"trace pid 1", `exec 3< /proc/1/environ && read -r x <&3`},
	{"enter pid 1's namespaces", `nsenter -t 1 -m -p -u true`},
	{"enter pid 1's mount namespace by file", `nsenter --mount=/proc/1/ns/mnt true`},
	{"enter pid 1's user namespace", `nsenter -t 1 -U true`},
	{"kill pid 1", `kill -9 1; sleep 0.05; kill -STOP 1; ! kill -0 1`},
	{"write the init's binary", `echo x >> /proc/$PPID_INIT/exe`},
	{"truncate the init's binary", `: > /proc/$PPID_INIT/exe`},
	{"core pattern", `v=$(cat /proc/sys/kernel/core_pattern) && echo "$v" > /proc/sys/kernel/core_pattern`},
	{"sysctl of the network", `v=$(cat /proc/sys/net/ipv4/ip_forward) && echo "$v" > /proc/sys/net/ipv4/ip_forward`},
	{"user namespace limits", `v=$(cat /proc/sys/user/max_cgroup_namespaces) && echo "$v" > /proc/sys/user/max_cgroup_namespaces`},
	{"sysrq help", `echo h > /proc/sysrq-trigger`},
	{"make /proc/sys writable", `mount -o remount,rw,bind /proc/sys`},
	{"uncover /proc/sys", `umount /proc/sys`},
	{"uncover /proc/kcore", `umount /proc/kcore || umount /proc/keys`},
	{"unmount the root", `umount -l / && ls /proc/1/root`},
	{"make the root's devices work", `mount -o remount,dev /`},
	{"fresh proc", `mount -t proc proc /mnt`},
	{"fresh proc in new namespaces", `unshare -Ufpm --map-root-user sh -c 'mount -t proc proc /mnt'`},
	{"sysfs", `mount -t sysfs sysfs /mnt`},
	{"sysfs with a network of its own", `unshare -n mount -t sysfs sysfs /mnt`},
	{"devtmpfs", `mount -t devtmpfs dev /mnt`},
	{"debugfs", `mount -t debugfs dbg /mnt`},
	{"cgroup tree", `mount -t cgroup2 cg /mnt`},
	{"cgroup tree, version 1", `mount -t cgroup -o freezer cg /mnt`},
	{"cgroup namespace", `unshare -C true`},
	{"cgroup namespace in a new user namespace", `unshare -U --map-root-user -C true`},
	{"disk node", `mknod /tmp/disk b $MAJOR $MINOR`},
	{"disk node on a tmpfs of its own", `mount -t tmpfs t /mnt; mknod /mnt/disk b $MAJOR $MINOR`},
	{"memory node", `mknod /dev/mem c 1 1`},
	{"kernel log", `dmesg | grep .`},
	{"overlay marks", `perl -e '($p, $n, $v) = ("/opt", "trusted.overlay.opaque", "y"); exit(syscall($ENV{SYS_SETXATTR}, $p, $n, $v, 1, 0) == 0 ? 0 : 1)'`},
	{"set the clock", `date -s "$(date)"`},
	{"load a module", `modprobe dummy`},
	{"reboot", `perl -e 'exit(syscall($ENV{SYS_REBOOT}, 0xfee1dead, 672274793, 0, 0) == 0 ? 0 : 1)'`},
	{"network interface", `ip link add canary0 type dummy`},
}

// chrootEscape is the classical one: keep a directory open outside of a new root, and climb.
const chrootEscape = `perl -e 'mkdir "/tmp/jail"; opendir(D, "/"); chroot("/tmp/jail"); chdir(D); for (1..64) { chdir("..") } chroot("."); exit(-e $ARGV[0] ? 0 : 1)' "$CANARY"`

// spread goes for the canary by each path there is.
const spread = `
for p in "" /proc/*/root /proc/*/cwd /proc/1/task/*/root /proc/*/fd/*; do
	for f in "$CANARY" "$(dirname "$CANARY")/made"; do
		echo overwritten > "$p$f"; truncate -s 0 "$p$f"; chmod 777 "$p$f"; rm -rf "$p$f"
	done
done 2> /dev/null
for f in /proc/[0-9]*/exe; do echo x > $f; chmod 000 $f; done 2> /dev/null
rm -rf /usr/share/common-licenses /etc/skel; echo gone > /etc/passwd-copy; : > /usr/bin/true; chmod 000 /etc/hosts
true`

func TestGuestRootCannotReachTheHost(t *testing.T) {
	t.Parallel()
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	canary := filepath.Join(t.TempDir(), "canary")
	if err := os.WriteFile(canary, []byte("alive"), 0o600); err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Stat("/", &st); err != nil {
		t.Fatal(err)
	}
	before := hostState(t, canary)
	m := boot(t, b, "i-0attack")
	env := fmt.Sprintf("export CANARY=%s MAJOR=%d MINOR=%d SYS_SETXATTR=%d SYS_REBOOT=%d PPID_INIT=$(pgrep -f '^goldenami-guest-init' | head -1)\n",
		canary, unix.Major(st.Dev), unix.Minor(st.Dev), unix.SYS_SETXATTR, unix.SYS_REBOOT)
	all := append([]attack{{"chroot escape", chrootEscape}}, attacks...)
	for _, a := range all {
		r := m.try("sudo -n sh -c '" + strings.ReplaceAll(env+a.script, "'", `'\''`) + "'")
		if r.code == 0 {
			t.Errorf("%s: succeeded: %s%s", a.name, r.out, r.errOut)
		}
		t.Logf("%s: exit %d: %s", a.name, r.code, strings.TrimSpace(r.errOut))
	}
	if r := m.try("sudo -n sh -c '" + strings.ReplaceAll(env+spread, "'", `'\''`) + "'"); r.code != 0 {
		t.Errorf("the guest cannot even change itself: %+v", r)
	}
	if r := m.try("test -e /usr/share/common-licenses || test -s /usr/bin/true"); r.code == 0 {
		t.Error("the guest's own changes did not happen")
	}
	if after := hostState(t, canary); after != before {
		t.Errorf("the host changed:\nbefore %s\nafter  %s", before, after)
	}
	m.stop()
	m.start() // the host can still start guests: its binary is untouched
}

// On kernels whose Landlock can, a guest cannot connect to the host's abstract sockets.
func TestAbstractSocketsOfTheHostAreClosed(t *testing.T) {
	t.Parallel()
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	name := fmt.Sprintf("goldenami-test-%d", os.Getpid())
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "unix", "@"+name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	const scopes = 6 // the Landlock ABI of Linux 6.12
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	closed := errno == 0 && abi >= scopes
	m := boot(t, b, "i-0abstract")
	r := m.try(`sudo -n perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); exit(connect(S, pack("S a*", AF_UNIX, "\0` + name + `")) ? 0 : 1)'`)
	if closed != (r.code != 0) {
		t.Errorf("Landlock ABI %d, connect exits %d: %s", abi, r.code, r.errOut)
	}
	t.Logf("Landlock ABI %d, connect exits %d", abi, r.code)
}

// hostState is what no guest may change.
func hostState(t *testing.T, canary string) string {
	t.Helper()
	var out strings.Builder
	for _, f := range []string{canary, "/proc/self/exe", "/etc/passwd", "/etc/hosts", "/usr/bin/true"} {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		st, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%s %v %x\n", f, st.Mode(), sha256.Sum256(text))
	}
	for _, d := range []string{filepath.Dir(canary), "/usr/share/common-licenses", "/etc/skel"} {
		entries, err := os.ReadDir(d)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&out, d, len(entries))
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	out.Write(mounts)
	return out.String()
}
