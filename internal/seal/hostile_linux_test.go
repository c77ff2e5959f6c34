package seal_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// oddNames are names that any missing quote, dash or glob turns into something else.
var oddNames = []string{
	"-rf", "--help", "a\nb", "\n", "*", "[a-z]", "?", "$(touch pwned)", "`touch pwned`", "'", `"`, `\`, `a\nb`, " ", " x ", "\t", "~",
	"\x01\x1b[31m", "\xff\xfe", "é", ";touch pwned", "|", "&", "{}", "+", "!", "#", strings.Repeat("n", 255),
}

// Names that people and programs choose do what other names do.
func TestHostileNamesGo(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		for _, dir := range []string{
			"tmp", "var/tmp", "tmp/deeper\n", "var/cache/apt", "var/crash", "var/lib/dhcp", "var/spool/at", "root/.ansible",
			"var/lib/cloud/data", "var/lib/amazon/ssm/Vault/Store", "var/lib/amazon/ssm/i-1\n2", "var/lib/seedrng", "home/build/.gnupg/private-keys-v1.d",
			"opt/build", "etc/puppetlabs/puppet/ssl", "var/lib/sss/db", "var/spool/cron",
		} {
			for _, name := range oddNames {
				sealtest.Write(t, root, filepath.Join(dir, name), sealtest.Marker)
			}
		}
		for _, name := range oddNames {
			sealtest.Write(t, root, filepath.Join("home/build/.ssh", name), sealtest.Private)
			if len(name) < 200 {
				sealtest.Write(t, root, "etc/ssh/ssh_host_"+name, sealtest.Private)
				sealtest.Write(t, root, "home/build/.ssh/authorized_keys"+name, sealtest.Public)
				sealtest.Write(t, root, "home/"+name+"/.bash_history", sealtest.Marker)
				sealtest.Write(t, root, "var/log/"+name, sealtest.Marker)
			}
		}
		report, status := run(t, sh, options(t, root, seal.ModeSeal))
		if status != seal.ExitSealed {
			t.Error(report.Err())
		}
		for _, wrong := range sealtest.Sealed(t, root) {
			t.Error(wrong)
		}
		err := filepath.WalkDir(filepath.Dir(root), func(p string, _ fs.DirEntry, err error) error {
			if filepath.Base(p) == "pwned" {
				t.Errorf("%s was made", p)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if _, err := os.Stat("pwned"); err == nil {
			t.Error("pwned was made here")
		}
	})
}

// passwd is what many hands have written.
func TestAccountsAsTheyAreFound(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		sealtest.Write(t, root, "etc/passwd", "# users\n\nroot:x:0:0:root:/root:/bin/sh\nbuild:x:1000:1000::/home/build/:/bin/bash\nagain:x:1001:1001::/home/../home/build:/bin/sh\n"+
			"app:x:998:998::/srv/app:/bin/false\nslash:x:65534:65534::/:/bin/false\nslashes:x:10:10:://:/bin/false\nup:x:11:11::/..:/bin/sh\nrel:x:12:12::srv:/bin/sh\n"+
			"far:x:5:5::/nonexistent:/bin/false\nfile:x:13:13::/etc/hosts:/bin/sh\nnull:x:14:14::/dev/null:/bin/sh\nsys:x:15:15::/etc:/bin/sh\nshort:x\ntilde:x:16:16::~:/bin/sh\n"+
			"star:x:17:17::/*:/bin/sh\nexp:x:18:18::/home/$(touch pwned):/bin/sh\n+@netgroup::::::\n+::::::\n-bad\nlast:x:7:7::/home/la st:/bin/sh")
		outside := filepath.Join(filepath.Dir(root), ".bash_history") // what "/.." would reach of the host
		if err := os.WriteFile(outside, []byte("the host's"), 0o600); err != nil {
			t.Fatal(err)
		}
		sealtest.Write(t, root, ".netrc", "machine m password "+sealtest.Marker)
		o := options(t, root, seal.ModeSeal)
		report, status := run(t, sh, o)
		// Only this may be said: a home that leads out of the root is not entered.
		for _, reason := range strings.Split(strings.ReplaceAll(strings.TrimSpace(errText(report.Err())), "; ", "\n"), "\n") {
			if reason != "" && !strings.Contains(reason, "/..") {
				t.Errorf("status %d: %s", status, reason)
			}
		}
		if text, err := os.ReadFile(outside); err != nil || string(text) != "the host's" {
			t.Errorf("a file of the host: %q %v", text, err)
		}
		for _, c := range sealtest.Canaries() {
			if c.Operation == "histories" || c.Operation == "credentials" {
				if _, err := os.Lstat(filepath.Join(root, c.Path)); err == nil {
					t.Errorf("%s stayed", c.Path)
				}
			}
		}
		if _, err := os.Stat(filepath.Join(root, ".netrc")); err == nil {
			t.Error("/.netrc stayed")
		}
		if text := holds(t, root, "etc/passwd"); !strings.HasPrefix(text, "# users\n\nroot:x:0:0:") || !strings.HasSuffix(text, "last:x:7:7::/home/la st:/bin/sh\n") && !strings.HasSuffix(text, "/bin/sh") {
			t.Errorf("passwd is now\n%s", text)
		}
	})
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// What is immutable stays, is named, and everything else goes.
func TestImmutableFilesAreNamed(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		immutable := map[string]int{
			"root/.bash_history": unix.STATX_ATTR_APPEND, "tmp/script_1234.sh": unix.STATX_ATTR_IMMUTABLE, "etc/ssh/ssh_host_rsa_key": unix.STATX_ATTR_IMMUTABLE,
			"var/log/auth.log": unix.STATX_ATTR_APPEND, "etc/shadow": unix.STATX_ATTR_IMMUTABLE,
		}
		for p, flag := range immutable {
			attribute(t, filepath.Join(root, p), flag)
		}
		report, status := run(t, sh, options(t, root, seal.ModeSeal))
		for p := range immutable {
			attribute(t, filepath.Join(root, p), 0)
			if status != seal.ExitLeft || !strings.Contains(errText(report.Err()), "/"+p) {
				t.Errorf("status %d, /%s is not named: %v", status, p, report.Err())
			}
		}
		for _, p := range []string{"home/build/.bash_history", "tmp/deep", "etc/ssh/ssh_host_ed25519_key", "home/build/.ssh/authorized_keys"} {
			if _, err := os.Lstat(filepath.Join(root, p)); err == nil {
				t.Errorf("%s stayed with the others", p)
			}
		}
	})
}

// attribute gives a file the one of the two attributes, or none, as chattr does.
func attribute(t *testing.T, p string, flag int) {
	t.Helper()
	file, err := os.Open(p) //nolint:gosec // below the planted root
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // it was only opened
	flags, err := unix.IoctlGetInt(int(file.Fd()), unix.FS_IOC_GETFLAGS)
	if err == nil {
		flags = flags&^(unix.STATX_ATTR_IMMUTABLE|unix.STATX_ATTR_APPEND) | flag
		err = unix.IoctlSetPointerInt(int(file.Fd()), unix.FS_IOC_SETFLAGS, flags)
	}
	if err != nil {
		t.Skipf("no attributes of files here: %v", err)
	}
}
