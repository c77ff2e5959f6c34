package seal_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

func TestNoTestGetsAProgramForThisMachine(t *testing.T) {
	t.Parallel()
	for _, root := range []string{"/", "", "//", "/.", "/tmp/..", "tmp", "/tmp/"} {
		if text, err := seal.Program(options(t, root, seal.ModeSeal)); err == nil || text != "" {
			t.Errorf("root %q gave a program", root)
		}
	}
}

// The program itself refuses a root that is another name of the running system,
// whatever the caller believed. Audit changes nothing, should the guard fail.
func TestProgramRefusesTheRunningSystemAsAMountedRoot(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink("/", link); err != nil {
			t.Fatal(err)
		}
		for _, root := range []string{link, "/proc/self/root", "/no/such/root"} {
			report, status := run(t, sh, options(t, root, seal.ModeAudit))
			if status != seal.ExitRefused || len(report.Refusals) != 1 || report.Refusals[0].Check != "root" {
				t.Errorf("%s: status %d, refusals %v", root, status, report.Refusals)
			}
		}
	})
}

// An absolute link of a mounted guest leads to the host's files.
func TestNoPathLeadsOutOfTheRoot(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root, outside := sealtest.Plant(t), t.TempDir()
		for _, file := range []string{"known_hosts", "id_rsa", "a.log", "script_1.sh"} {
			sealtest.Write(t, outside, file, "the host's")
		}
		for _, link := range []string{"home/build/.ssh", "var/log", "tmp", "var/lib/cloud/data", "var/lib/dhcp"} {
			full := filepath.Join(root, link)
			if err := os.RemoveAll(full); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(outside, full); err != nil {
				t.Fatal(err)
			}
		}
		for _, link := range []string{"etc/hosts", "etc/machine-id", "etc/shadow-", "var/backups/shadow.bak"} {
			if err := os.Remove(filepath.Join(root, link)); err != nil {
				t.Fatal(err)
			}
			sealtest.Write(t, outside, filepath.Base(link), "the host's ip-10-0-0-1")
			if err := os.Symlink(filepath.Join(outside, filepath.Base(link)), filepath.Join(root, link)); err != nil {
				t.Fatal(err)
			}
		}
		report, status := run(t, sh, options(t, root, seal.ModeSeal))
		for _, file := range []string{"hosts", "machine-id", "shadow-", "shadow.bak"} {
			if text, err := os.ReadFile(filepath.Join(outside, file)); err != nil || string(text) != "the host's ip-10-0-0-1" {
				t.Errorf("%s outside of the root: %q %v", file, text, err)
			}
		}
		if status != seal.ExitLeft || !strings.Contains(report.Err().Error(), "leads out of the root") {
			t.Errorf("status %d: %v", status, report.Err())
		}
		for _, file := range []string{"known_hosts", "id_rsa", "a.log", "script_1.sh"} {
			if text, err := os.ReadFile(filepath.Join(outside, file)); err != nil || string(text) != "the host's" {
				t.Errorf("%s outside of the root: %q %v", file, text, err)
			}
		}
	})
}

// Overwriting through a link would destroy whatever it leads to.
func TestKeysAreNotOverwrittenThroughLinks(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		link := filepath.Join(root, "home/build/.ssh/id_link")
		if err := os.Symlink("../../../etc/passwd", link); err != nil {
			t.Fatal(err)
		}
		passwd, err := os.ReadFile(filepath.Join(root, "etc/passwd"))
		if err != nil {
			t.Fatal(err)
		}
		report, status := run(t, sh, alone(options(t, root, seal.ModeSeal), "ssh-client-keys"))
		if status != seal.ExitSealed {
			t.Fatal(report.Err())
		}
		if after, err := os.ReadFile(filepath.Join(root, "etc/passwd")); err != nil || !bytes.Equal(after, passwd) {
			t.Errorf("what the link leads to is now %q, %v", after, err)
		}
		staysAndGoes(t, root, nil, []string{"home/build/.ssh/id_link", "home/build/.ssh/id_ed25519"})
		if len(report.Notes) != 1 || !strings.Contains(report.Notes[0], "id_link was a link") {
			t.Errorf("notes: %q", report.Notes)
		}
	})
}

// A hard link shows what is in the blocks after the name has gone.
func TestPrivateKeysAreOverwritten(t *testing.T) {
	t.Parallel()
	underEachShred(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		witness := filepath.Join(root, "witness")
		key := filepath.Join(root, "etc/ssh/ssh_host_rsa_key")
		if err := os.Chmod(key, 0o400); err != nil {
			t.Fatal(err)
		}
		if err := os.Link(key, witness); err != nil {
			t.Fatal(err)
		}
		if report, status := run(t, sh, alone(options(t, root, seal.ModeSeal), "ssh-host-keys")); status != seal.ExitSealed {
			t.Fatal(report.Err())
		}
		text, err := os.ReadFile(witness)
		if err != nil || len(text) < len(sealtest.Private) || strings.Contains(string(text), "KEY") {
			t.Errorf("%d bytes, %v: the key's blocks were not overwritten", len(text), err)
		}
	})
}

func TestKeepAndSkip(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		sealtest.Write(t, root, "tmp/ke'ep $(id) [a]*/x", sealtest.Marker)
		sealtest.Write(t, root, "tmp/ke'ep $(id) a/x", sealtest.Marker)
		o := options(t, root, seal.ModeSeal)
		o.Keep = []string{"/root/.bash_history", "/var/log/apt", "/etc/ssh/ssh_host_rsa_key", "/tmp/ke'ep $(id) [a]*", "/tmp/deep/er/"}
		o.Skip = []string{"authorized-keys"}
		report, status := run(t, sh, o)
		if status != seal.ExitLeft { // the kept host key is a key, and stays one
			t.Logf("status %d: %v", status, report.Err())
		}
		for _, p := range []string{
			"root/.bash_history", "var/log/apt/history.log", "etc/ssh/ssh_host_rsa_key", "tmp/ke'ep $(id) [a]*/x",
			"tmp/deep/er/file", "home/build/.ssh/authorized_keys", ".ssh/authorized_keys",
		} {
			if info, err := os.Stat(filepath.Join(root, p)); err != nil || info.Size() == 0 {
				t.Errorf("%s was touched: %v", p, err)
			}
		}
		for _, p := range []string{"tmp/ke'ep $(id) a", "home/build/.bash_history", "etc/ssh/ssh_host_rsa_key.pub"} {
			if _, err := os.Lstat(filepath.Join(root, p)); err == nil {
				t.Errorf("%s stayed", p)
			}
		}
		if err := report.Err(); err != nil {
			t.Errorf("what is kept was counted: %v", err)
		}
	})
}

func TestKeepBehindALinkIsRefused(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		if err := os.Symlink("log", filepath.Join(root, "var/logs")); err != nil {
			t.Fatal(err)
		}
		o := options(t, root, seal.ModeSeal)
		o.Keep = []string{"/var/logs/syslog"}
		report, status := run(t, sh, o)
		if status != seal.ExitRefused || !strings.Contains(report.Err().Error(), "name it /var/log/syslog") {
			t.Errorf("status %d: %v", status, report.Err())
		}
	})
}
