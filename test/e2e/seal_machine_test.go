//go:build e2e

package e2e

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// kernelSystem is a system that only a kernel of its own shows as it is.
type kernelSystem struct {
	name, root string // the latter for scripts/guest-root.sh
	parameters string // of its kernel
	asRoot     string // the command by which its user becomes root
	init       string // as the seal's report has it
	enabled    string // lists what starts at the boot
	keysFrom   string // what the seal adds to that list
	machineID  bool   // whether it has one
	// ownRecord is what the shutdown itself says when all that could remove it has
	// ended: a time and the kernel's version, one record of 384 bytes.
	ownRecord string
	// mustSay are commands and what each must print on a machine of the image.
	mustSay map[string]string
}

// swapsOnto prints the swap areas of a machine.
const swapsOnto = "sed -n 's|^\\(/[^ \t]*\\).*|\\1|p' /proc/swaps"

var kernelSystems = []kernelSystem{
	{
		name: "OpenRC with doas and BusyBox", root: "openrc", asRoot: "doas", init: "openrc",
		enabled: "find /etc/runlevels ! -type d", keysFrom: "/etc/runlevels/default/goldenami-host-keys",
		ownRecord: "var/log/wtmp has 384 bytes",
		mustSay:   map[string]string{"rc-status --crashed || true": "", "ls -l /bin/sh | grep -o busybox": "busybox", "test -d /run/systemd || echo none": "none", swapsOnto: "/swapfile"},
	},
	{
		name: "SELinux enforcing", root: "selinux", parameters: "security=selinux selinux=1 enforcing=1", asRoot: "sudo", init: "systemd",
		enabled: "find /etc/systemd/system ! -type d", machineID: true,
		keysFrom: "/etc/systemd/system/goldenami-host-keys.service\n/etc/systemd/system/multi-user.target.wants/goldenami-host-keys.service",
		mustSay: map[string]string{
			"cat /sys/fs/selinux/enforce": "1",
			swapsOnto:                     "/swapfile",
			"systemctl is-system-running --wait || true; systemctl --failed --plain --no-legend":                  "running",
			"sudo restorecon -Rnv /etc /root /home /var":                                                          "",
			`sudo dmesg | grep 'avc: .*denied' | grep -E 'comm="(sshd|ssh-keygen|sudo|sh|bash)"' || true`:         "",
			"sudo journalctl --list-boots --no-pager -q | grep -Ec '^ *-?[0-9]'":                                  "1",
			"sudo find /etc/ssh -name 'ssh_host_*_key' ! -context '*:sshd_key_t:*' ! -context '*:etc_t:*' -print": "",
		},
	},
}

// TestSealOnMachines seals machines with a kernel of their own, presses their power
// button, looks at their disks, raw too, and boots two machines of each. It runs
// beside no other test: both would wait for the processors longer than they like.
func TestSealOnMachines(t *testing.T) { //nolint:tparallel // see above
	needMachines(t)
	for _, s := range kernelSystems {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.sealed(t)
		})
	}
}

func (s kernelSystem) sealed(t *testing.T) {
	root := guestRoot(t, s.root)
	key, keyFile := newKeyFile(t)
	baked := newSigner(t)
	disk := machineDisk(t, root, "admin", key.PublicKey(), baked.PublicKey())
	m := power(t, "the build's machine", root, disk, s.parameters, false)
	m.enter(t, "admin", key)
	built := was{
		hostKey: m.hostKey, units: m.run(t, s.enabled),
		key:  strings.Fields(string(ssh.MarshalAuthorizedKey(key.PublicKey())))[1],
		kept: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(baked.PublicKey()))) + " key1\n",
	}
	if s.machineID {
		built.machineID = m.run(t, "cat /etc/machine-id")
	}
	built.secret = m.run(t, s.asRoot+" sed -n 2p /etc/ssh/ssh_host_ed25519_key")
	s.build(t, m, keyFile)
	m.button(t)
	for _, wrong := range wrongOnMachineDisk(t, disk, built) {
		if s.ownRecord != "" && strings.HasPrefix(wrong, s.ownRecord) {
			continue
		}
		t.Errorf("on the disk after the shutdown: %s", wrong)
	}
	one, two := power(t, "one", root, disk, s.parameters, true), power(t, "two", root, disk, s.parameters, true)
	ids := []string{s.mustBeItself(t, one, built, baked, key), s.mustBeItself(t, two, built, baked, key)}
	if s.machineID && ids[0] == ids[1] || one.hostKey == two.hostKey {
		t.Errorf("two machines have the ids %q and the host keys %q and %q", ids, one.hostKey, two.hostKey)
	}
}

// build seals the machine with Packer, while a shell is open in it.
func (s kernelSystem) build(t *testing.T, m *virtualMachine, keyFile string) {
	t.Helper()
	report := filepath.Join(t.TempDir(), "report.json")
	p := startPacker(t, os.Environ(), "build", "-color=false", "-var", "port="+m.port, "-var", "key_file="+keyFile,
		"-var", "report="+report, "-var", "user=admin", "-var", "as_root="+s.asRoot, "test/e2e/testdata/seal-machine.pkr.hcl")
	until(t, "the planting", bootLimit, func() bool {
		if p.ended() {
			t.Fatalf("packer ended early: %v\n%s", p.err, p.out)
		}
		time.Sleep(time.Second)
		return m.run(t, "ls /run/planted 2>/dev/null || true") != ""
	})
	for _, user := range []string{"root", "admin"} {
		// sshd has just been told to read its configuration again.
		until(t, user+"'s password, without which what follows proves nothing,", time.Minute, func() bool {
			id, _ := m.enters(user, byPassword...)
			return id != ""
		})
	}
	m.leaveShellOpen(t, s.asRoot)
	output, err := p.wait(t, bootLimit)
	if err != nil {
		t.Fatalf("packer build: %v\n%s", err, output)
	}
	for line := range strings.Lines(output) {
		if strings.Contains(line, "Sealed in") || strings.Contains(line, "free-blocks") {
			t.Log(strings.TrimSpace(line))
		}
	}
	facts := build{report: report}.facts(t)
	if facts["init"] != s.init || facts["shutdown-hook"] != s.init || !strings.HasSuffix(facts["host-keys"], "which the seal installs") {
		t.Errorf("facts are %q", facts)
	}
}

// mustBeItself checks one machine of the image, and gives its machine-id.
func (s kernelSystem) mustBeItself(t *testing.T, m *virtualMachine, built was, baked, key ssh.Signer) (id string) {
	t.Helper()
	m.enter(t, "admin", baked)
	if m.hostKey == built.hostKey {
		t.Errorf("%s has the build's host key", m.id)
	}
	if s.machineID {
		if id = m.run(t, "cat /etc/machine-id"); len(id) != 32 || id == built.machineID {
			t.Errorf("machine id %q, and %q in the build", id, built.machineID)
		}
	}
	for command, want := range s.mustSay {
		if got := m.run(t, command); got != want {
			t.Errorf("%s on %s gives\n%s\nnot %q", command, m.id, got, want)
		}
	}
	if now := m.run(t, s.enabled); !sameLines(now, built.units+"\n"+s.keysFrom) {
		t.Errorf("enabled were\n%s\nand are\n%s", built.units, now)
	}
	for _, user := range []string{"root", "admin"} {
		m.mustRefuse(t, user, byPassword...)
		m.mustRefuse(t, user, ssh.PublicKeys(key))
	}
	return id
}

// wrongOnMachineDisk reads the files of a disk, and then all its blocks.
func wrongOnMachineDisk(t *testing.T, disk string, built was) (wrong []string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "files")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("debugfs", "-R", "rdump / "+dir, disk).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		files++
		if err == nil && len(text) > 0 {
			wrong = append(wrong, built.wrongIn(strings.TrimPrefix(path, dir+"/"), text)...)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the disk holds %d files", files)
	if files < 1000 {
		t.Errorf("only %d files", files)
	}
	for name, needle := range map[string]string{"a canary": "canary-", "the build's public key": built.key, "the build's private host key": built.secret} {
		if at := findRaw(t, disk, needle); at >= 0 {
			wrong = append(wrong, "a block holds "+name)
			t.Logf("%s is at %d", name, at)
		}
	}
	return wrong
}

// findRaw gives the place of the text in a file, or -1.
func findRaw(t *testing.T, path, text string) int64 {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // it was only read
	buffer := make([]byte, 4<<20)
	for kept, at := 0, int64(0); ; {
		n, err := io.ReadFull(file, buffer[kept:])
		if i := bytes.Index(buffer[:kept+n], []byte(text)); i >= 0 {
			return at + int64(i)
		}
		if err != nil {
			return -1
		}
		at += int64(kept + n - len(text))
		kept = copy(buffer, buffer[kept+n-len(text):kept+n])
	}
}
