//go:build linux

package stage

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	Maybe()
	os.Exit(m.Run())
}

// Whoever gives a program the name of a stage gets no namespaces and no mounts, but a refusal.
func TestStagesRunInTheirPlaceOnly(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{argOne: "not started as the first process", argTwo: "want 1"} {
		cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
		cmd.Args = []string{name}
		cmd.Stdin = strings.NewReader("{}")
		out, err := cmd.CombinedOutput()
		if err == nil || !bytes.Contains(out, []byte(want)) {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}

// In the test the host's mounts are all there, so each look must find them.
func TestVerifyFindsTheHost(t *testing.T) {
	t.Parallel()
	table, err := mountTable()
	if err != nil {
		t.Fatal(err)
	}
	if len(table) == 0 {
		t.Fatal("no mounts")
	}
	host := devicesOf(table)
	if err := verify(host, nil); err == nil {
		t.Error("the host's mount table passes for a guest's")
	}
	if err := verifyFiles(host); err == nil || !strings.Contains(err.Error(), "leads to the host's file system") {
		t.Errorf("the host's root passes for a guest's: %v", err)
	}
	if err := verifyFiles(map[string]bool{"4095:1": true}); err != nil {
		t.Errorf("a file system that nothing is on: %v", err)
	}
}

// run interprets the filter for one call, as the kernel's seccomp does.
func run(program []unix.SockFilter, arch, number, flags uint32) uint32 {
	data := map[uint32]uint32{offsetArch: arch, offsetNumber: number, offsetFirstArg: flags}
	var acc uint32
	for pc := 0; ; pc++ {
		in := program[pc]
		hit := false
		switch in.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			acc = data[in.K]
			continue
		case unix.BPF_RET | unix.BPF_K:
			return in.K
		case unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K:
			hit = acc == in.K
		case unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K:
			hit = acc >= in.K
		case unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K:
			hit = acc&in.K != 0
		}
		if hit {
			pc += int(in.Jt)
		} else {
			pc += int(in.Jf)
		}
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	const (
		allow = unix.SECCOMP_RET_ALLOW
		deny  = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
		never = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	)
	for name, arch := range archs {
		p := assemble(arch)
		for _, c := range []struct {
			what                string
			arch, number, flags uint32
			want                uint32
		}{
			{"read", arch, unix.SYS_READ, 0, allow},
			{"fork", arch, unix.SYS_CLONE, uint32(unix.SIGCHLD), allow},
			{"user namespace", arch, unix.SYS_UNSHARE, unix.CLONE_NEWUSER | unix.CLONE_NEWNS, allow},
			{"cgroup namespace", arch, unix.SYS_UNSHARE, unix.CLONE_NEWCGROUP, deny},
			{"cgroup namespace among others", arch, unix.SYS_CLONE, unix.CLONE_NEWUSER | unix.CLONE_NEWCGROUP, deny},
			{"clone3", arch, unix.SYS_CLONE3, 0, never},
			{"kexec", arch, unix.SYS_KEXEC_LOAD, 0, deny},
			{"last of the list", arch, refused[len(refused)-1], 0, deny},
			{"the same flags elsewhere", arch, unix.SYS_READ, unix.CLONE_NEWCGROUP, allow},
			{"x32", arch, x32Bit | unix.SYS_READ, 0, never},
			{"32 bit", unix.AUDIT_ARCH_I386, unix.SYS_READ, 0, never},
		} {
			if got := run(p, c.arch, c.number, c.flags); got != c.want {
				t.Errorf("%s: %s: got %#x, want %#x", name, c.what, got, c.want)
			}
		}
	}
}
