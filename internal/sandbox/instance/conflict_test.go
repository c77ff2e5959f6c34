//go:build linux

package instance_test

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/networktest"
)

// alone is whether the test runs in a network of its own, with root's rights, and shall go on.
func alone(t *testing.T) bool {
	t.Helper()
	return networktest.Inside(t, func() { linux(t, t.TempDir()) })
}

func port22(a netip.Addr) string { return netip.AddrPortFrom(a, 22).String() }

// wantHost checks that the host's sshd is what answers at the addresses.
func wantHost(t *testing.T, when string, addresses ...string) {
	t.Helper()
	for _, a := range addresses {
		if got := networktest.Greeting(a); got != networktest.Host {
			t.Errorf("%s: %s answers %q, want the host", when, a, got)
		}
	}
}

// reached checks that a login ends in the machine, and that it looks like one on port 22 from there.
func (m *machine) reached() {
	m.t.Helper()
	want := m.spec.Hostname + " " + m.spec.Addr.String() + " 22"
	if got := strings.TrimSpace(m.must("echo $(hostname) $(echo $SSH_CONNECTION | cut -d' ' -f3,4)")); got != want {
		m.t.Errorf("the login reached %q, want %q", got, want)
	}
}

// An sshd on all addresses is the rule on developers' machines; then no address has its port 22 free.
func TestGuestsBesideTheHostsSSH(t *testing.T) {
	t.Parallel()
	if !alone(t) {
		return
	}
	networktest.HostSSH(t)
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	m, other := boot(t, b, "i-0beside"), boot(t, b, "i-0other")
	m.reached()
	other.reached()
	hosts := []string{"127.0.0.1:22", "[::1]:22", port22(addr())}
	wantHost(t, "other addresses", hosts...)
	m.stop()
	wantHost(t, "after Stop", port22(m.spec.Addr))
	m.start()
	m.reached()
	if err := b.Terminate(t.Context(), m.spec.ID); err != nil {
		t.Error(err)
	}
	wantHost(t, "after Terminate", port22(m.spec.Addr))
	other.reached()
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	wantHost(t, "after Close", append(hosts, port22(m.spec.Addr), port22(other.spec.Addr))...)
}

func TestTwoBackendsBesideTheHostsSSH(t *testing.T) {
	t.Parallel()
	if !alone(t) {
		return
	}
	stopHost := networktest.HostSSH(t)
	one, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	two, _ := linux(t, t.TempDir())
	m, n := boot(t, one, "i-0one"), boot(t, two, "i-0two")
	m.reached()
	n.reached()
	same := n.spec
	same.ID, same.Addr = "i-0same", m.spec.Addr
	if err := two.Start(t.Context(), same); !errors.Is(err, unix.EADDRINUSE) || !strings.Contains(err.Error(), "another instance") {
		t.Errorf("an address that is steered by the other backend: %v", err)
	}
	stopHost() // port 22 can be bound from here on, but what was given stays given
	if err := two.Start(t.Context(), same); !errors.Is(err, unix.EADDRINUSE) {
		t.Errorf("an address that is steered by the other backend, without the host's sshd: %v", err)
	}
	m.reached()
	m.stop()
	if err := two.Start(t.Context(), same); err != nil {
		t.Errorf("an address that was given back: %v", err)
	}
	if err := one.Close(); err != nil {
		t.Error(err)
	}
	n.reached()
}

func TestKilledParentGivesPort22Back(t *testing.T) {
	t.Parallel()
	if !alone(t) {
		return
	}
	networktest.HostSSH(t)
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	m := boot(t, b, "i-0mine")
	a := addr()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = append(os.Environ(), victimDir+"="+t.TempDir()+":"+a.String())
	out, err := cmd.StdoutPipe()
	if err := errors.Join(err, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 1024)
	n, err := out.Read(said)
	if err != nil || !bytes.HasPrefix(said[:n], []byte("up")) {
		t.Fatalf("victim: %s %v", said[:n], err)
	}
	if got := networktest.Greeting(port22(a)); got == networktest.Host || !strings.HasPrefix(got, "SSH-2.0-") {
		t.Errorf("%s answers %q, want the victim's guest", a, got)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the victim ended by itself")
	}
	eventually(t, "the host has the address back", func() bool { return networktest.Greeting(port22(a)) == networktest.Host })
	m.reached()
	again := m.spec
	again.ID, again.Addr = "i-0again", a
	eventually(t, "the address can be given again", func() bool { return b.Start(t.Context(), again) == nil })
}

// An address that someone listens on by itself is not taken over.
func TestAddressOfSomeoneElse(t *testing.T) {
	t.Parallel()
	if !alone(t) {
		return
	}
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	m := boot(t, b, "i-0first")
	m.stop()
	networktest.Greet(t, networktest.Listen(t, "tcp4", port22(m.spec.Addr)), networktest.Host)
	err := b.Start(t.Context(), m.spec)
	if !errors.Is(err, unix.EADDRINUSE) || !strings.Contains(err.Error(), "(process "+strconv.Itoa(os.Getpid())+")") {
		t.Errorf("start: %v", err)
	}
	wantHost(t, "after a refused start", port22(m.spec.Addr))
}

// wantConflict checks that the error lets its reader find out who is in the way and what to do.
func wantConflict(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, unix.ENOSYS) {
		t.Fatalf("got %v, want ENOSYS", err)
	}
	for _, want := range []string{"(process " + strconv.Itoa(os.Getpid()) + ") on 0.0.0.0", "bpf(2)", "ListenAddress", "unshare --net"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
}

func TestStartNamesTheConflictWithoutBPF(t *testing.T) {
	t.Parallel()
	if !alone(t) {
		return
	}
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	withoutBPF(t)
	m := boot(t, b, "i-0free") // needs none while port 22 is free
	m.stop()
	stopHost := networktest.HostSSH(t)
	wantConflict(t, b.Start(t.Context(), m.spec))
	wantHost(t, "after a refused start", port22(m.spec.Addr))
	stopHost()
	m.start()
	m.reached()
}

func TestSupportedNamesTheConflictWithoutBPF(t *testing.T) {
	t.Parallel()
	if !alone(t) {
		return
	}
	withoutBPF(t)
	networktest.HostSSH(t)
	wantConflict(t, instance.Supported())
	if b, err := instance.NewLinux(t.TempDir(), "/"); err == nil {
		t.Error("NewLinux works where Supported says it does not", b.Close())
	}
}

// withoutBPF makes this process see a kernel that has no bpf(2), for good.
func withoutBPF(t *testing.T) {
	t.Helper()
	const number = 0 // offset of nr in struct seccomp_data
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: number},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_BPF, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		t.Fatal(errno)
	}
}
