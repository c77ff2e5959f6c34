package seal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

const dropIn = "etc/ssh/sshd_config.d/00-goldenami-hardening.conf"

// sshd takes the first value that it reads, wherever that stands.
func TestHardeningHoldsWhateverElseIsSet(t *testing.T) {
	t.Parallel()
	const include = "Include /etc/ssh/sshd_config.d/*.conf\n"
	cases := map[string]struct {
		files         map[string]string
		dropped, atop bool // where the settings are written
		warned        bool
	}{
		"Include first":            {files: map[string]string{"sshd_config": include + "PasswordAuthentication yes\n", "sshd_config.d/50-cloud-init.conf": "PasswordAuthentication yes\n"}, dropped: true},
		"relative Include":         {files: map[string]string{"sshd_config": "  include\tsshd_config.d/*.conf\n"}, dropped: true},
		"a value above it":         {files: map[string]string{"sshd_config": "passwordauthentication=yes\n" + include}, dropped: true, atop: true},
		"a drop-in before ours":    {files: map[string]string{"sshd_config": include, "sshd_config.d/00-a.conf": "PermitRootLogin \"yes\"\n"}, dropped: true, atop: true},
		"no Include":               {files: map[string]string{"sshd_config": "PermitRootLogin yes\nMatch User git\nX11Forwarding no\n"}, atop: true},
		"only in a Match block":    {files: map[string]string{"sshd_config": "Match User git\nPermitRootLogin no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nChallengeResponseAuthentication no\n"}, atop: true},
		"a Match of an included":   {files: map[string]string{"sshd_config": include, "sshd_config.d/10-a.conf": "Match User git\nPasswordAuthentication yes\n"}, dropped: true, warned: true},
		"hardened already":         {files: map[string]string{"sshd_config": "PermitRootLogin no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nChallengeResponseAuthentication no\n"}},
		"the package's file alone": {files: map[string]string{"../../usr/etc/ssh/sshd_config": include}, dropped: true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// BusyBox's sh and tools are the farthest from what the program was written with.
			for _, sh := range []sealtest.Shell{sealtest.Dash(t), sealtest.BusyBox(t)} {
				root := sealtest.Plant(t)
				if err := os.Remove(filepath.Join(root, "etc/ssh/sshd_config")); err != nil {
					t.Fatal(err)
				}
				for p, text := range c.files {
					sealtest.Write(t, root, filepath.Join("etc/ssh", p), text)
				}
				report, status := run(t, sh, alone(options(t, root, seal.ModeSeal), "ssh-hardening"))
				if status != seal.ExitSealed || (len(report.Warnings) > 0) != c.warned {
					t.Fatalf("%v, warnings %q", report.Err(), report.Warnings)
				}
				_, err := os.Stat(filepath.Join(root, dropIn))
				main, _ := os.ReadFile(filepath.Join(root, "etc/ssh/sshd_config")) //nolint:errcheck // one case has none
				if dropped, atop := err == nil, strings.HasPrefix(string(main), "# goldenami-seal: begin hardening\n"); dropped != c.dropped || atop != c.atop {
					t.Errorf("drop-in %t, at the top %t:\n%s", dropped, atop, main)
				}
			}
		})
	}
}

// What sshd says counts, for root and for a plain user, and not what its files
// seem to say.
func TestSSHDItselfIsAsked(t *testing.T) {
	t.Parallel()
	const says = "port 22\npermitrootlogin without-password\npasswordauthentication %s\nkbdinteractiveauthentication no\n"
	for password, want := range map[string]string{"no": "", "yes": "PasswordAuthentication for build"} {
		o := alone(options(t, sealtest.Plant(t), seal.ModeSeal), "ssh-hardening")
		o.KeepUsers = []string{"root"}
		report, _ := runChanged(t, o, `sshd_asked() {
	case $1 in root) word=no ;; *) word=`+password+` ;; esac
	printf '`+says+`' "$word"
}`)
		err := report.Err()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("passwords %s: %v", password, err)
		}
	}
}

func TestRootByKey(t *testing.T) {
	t.Parallel()
	root := sealtest.Plant(t)
	sealtest.Write(t, root, "etc/cloud/cloud.cfg.d/10-root.cfg", "system_info:\n  default_user:\n    name: root\n")
	o := options(t, root, seal.ModeSeal)
	report, _ := run(t, sealtest.Dash(t), alone(o, "ssh-hardening"))
	if err := report.Err(); err == nil || !strings.Contains(err.Error(), "name root in keep_users") {
		t.Errorf("an image that nobody can enter: %v", err)
	}
	o.KeepUsers = []string{"root"}
	report, status := run(t, sealtest.Dash(t), alone(o, "ssh-hardening"))
	text, err := os.ReadFile(filepath.Join(root, "etc/ssh/sshd_config"))
	if status != seal.ExitSealed || err != nil || !strings.Contains(string(text), "\nPermitRootLogin prohibit-password\n") {
		t.Errorf("%v, %v:\n%s", report.Err(), err, text)
	}
}

func TestPasswordsOfKeptUsersStay(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		sealtest.Write(t, root, "etc/passwd", "root:x:0:0::/root:/bin/sh\nold:$1$hash:5:5::/:/bin/sh\nopen::6:6::/:/bin/sh\nbuild:x:1000:1000::/home/build:/bin/sh\n")
		if err := os.Chmod(filepath.Join(root, "etc/shadow"), 0o640); err != nil {
			t.Fatal(err)
		}
		o := alone(options(t, root, seal.ModeSeal), "passwords")
		o.KeepUsers = []string{"build", "app"}
		if report, status := run(t, sh, o); status != seal.ExitSealed {
			t.Fatal(report.Err())
		}
		shadow, err := os.ReadFile(filepath.Join(root, "etc/shadow"))
		if err != nil || !strings.Contains(string(shadow), "\nbuild:$6$") || !strings.Contains(string(shadow), "\napp::") || !strings.HasPrefix(string(shadow), "root:!*:") {
			t.Errorf("%v\n%s", err, shadow)
		}
		passwd, err := os.ReadFile(filepath.Join(root, "etc/passwd"))
		if err != nil || string(passwd) != "root:x:0:0::/root:/bin/sh\nold:*:5:5::/:/bin/sh\nopen:*:6:6::/:/bin/sh\nbuild:x:1000:1000::/home/build:/bin/sh\n" {
			t.Errorf("%v\n%s", err, passwd)
		}
		if info, err := os.Stat(filepath.Join(root, "etc/shadow")); err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
	})
}

// The build's own key goes from every place, also where keys stay; a file that
// is no text is named and not damaged.
func TestBuildKeyGoesFromEverywhere(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		blob := strings.Fields(sealtest.BuildKey)[1]
		sealtest.Write(t, root, "home/build/.ssh/authorized_keys", sealtest.Public+"from=\"10.0.0.0/8\" "+sealtest.BuildKey+"\n")
		sealtest.Write(t, root, "opt/it's [a]* $(id)/key.tf", "a = \""+blob+"\"\nb = 1\n")
		sealtest.Write(t, root, "srv/state.db", blob+"\x00")
		sealtest.Write(t, root, "srv/new\nline", blob)
		o := alone(options(t, root, seal.ModeSeal), "build-key", "authorized-keys")
		o.KeepUsers = []string{"build"}
		report, status := run(t, sh, o)
		err := report.Err()
		if status != seal.ExitLeft || !strings.Contains(err.Error(), "/srv/state.db holds the build's public key and is no text") || !strings.Contains(err.Error(), `/srv/new\nline`) {
			t.Errorf("status %d: %v", status, err)
		}
		for p, want := range map[string]string{
			"home/build/.ssh/authorized_keys": sealtest.Public, "opt/it's [a]* $(id)/key.tf": "b = 1\n", "srv/state.db": blob + "\x00",
		} {
			if text, err := os.ReadFile(filepath.Join(root, p)); err != nil || string(text) != want {
				t.Errorf("%s: %q %v", p, text, err)
			}
		}
	})
}

func TestWhatIsNoKeyIsNotLookedFor(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", "ssh-rsa", "ssh-rsa AAAA", "ssh-rsa $(id)AAAAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ssh-rsa a"} {
		o := seal.Options{Mode: seal.ModeSeal, BuildKey: key}
		for _, op := range o.Selected() {
			if op.Name == "build-key" {
				t.Errorf("%q counts as a key", key)
			}
		}
	}
}

// Trimmed blocks are told, and so is a device that takes no discards.
func TestFreeBlocks(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		for output, want := range map[string]string{
			`/boot/efi: 118.7 MiB (124440576 bytes) trimmed on /dev/vda15\n/: 5.2 GiB (5583457280 bytes) trimmed on /dev/vda1\n`: "sealed 2 5707897856 0",
			``: "sealed 0 0 1",
		} {
			text := strings.TrimSuffix(program(t), "main </dev/null\n") + `
synced=false at_shutdown=false
sync() { synced=true; }
fstrim() { ! $synced || printf '` + output + `'; }
timeout() { shift; "$@"; }
notes=0 removed=0 bytes=0
emit() { notes=$((notes + 1)); }
trim_all
echo "sealed $removed $bytes $notes"
`
			var out strings.Builder
			if status, stderr := sh.Run(t.Context(), t, text, &out); status != 0 || strings.TrimSpace(out.String()) != want {
				t.Errorf("status %d, %q: %s", status, out.String(), stderr)
			}
		}
	})
}
