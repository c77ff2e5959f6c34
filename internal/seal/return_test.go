package seal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// With every authorized key gone, who could log in to an instance?
func TestLaunchKeyMustBeLetIn(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		files  map[string]string
		remove string
		change func(*seal.Options)
		want   string // fact, or "" where it is refused
	}{
		{name: "cloud-init", want: "brought by cloud-init"},
		{name: "its datasource for EC2", files: map[string]string{"etc/cloud/cloud.cfg.d/90_dpkg.cfg": "datasource_list: [ NoCloud, Ec2, None ]\n"}, want: "brought by cloud-init"},
		{name: "no datasource", files: map[string]string{"etc/cloud/cloud.cfg.d/99-installer.cfg": "datasource_list: [ None ]\n"}},
		{name: "the last list counts", files: map[string]string{"etc/cloud/cloud.cfg.d/1.cfg": "datasource_list: [None]\n", "etc/cloud/cloud.cfg.d/2.cfg": "datasource_list: ['Ec2']\n"}, want: "brought by cloud-init"},
		{name: "cloud-init disabled", files: map[string]string{"etc/cloud/cloud-init.disabled": ""}},
		{name: "nothing", remove: "etc/cloud"},
		{name: "no sshd", remove: "usr/sbin/sshd", want: "no sshd"},
		{name: "a command of sshd", remove: "etc/cloud", files: map[string]string{"etc/ssh/sshd_config.d/60.conf": "AuthorizedKeysCommand /opt/aws/bin/eic_run_authorized_keys %u\n"}, want: "AuthorizedKeysCommand of sshd"},
		{name: "no command of sshd", remove: "etc/cloud", files: map[string]string{"etc/ssh/sshd_config.d/60.conf": "AuthorizedKeysCommand none\n"}},
		{name: "Systems Manager", remove: "etc/cloud", files: map[string]string{"usr/bin/amazon-ssm-agent": "\x7fELF"}, want: "by amazon-ssm-agent"},
		{name: "a user that is kept", remove: "etc/cloud", change: func(o *seal.Options) { o.KeepUsers = []string{"app"} }, want: "keys of users that are kept"},
		{name: "allowed", remove: "etc/cloud", change: func(o *seal.Options) { o.AllowNoLaunchKey = true }, want: "-"},
		{name: "not removed", remove: "etc/cloud", change: func(o *seal.Options) { o.Skip = append(o.Skip, "authorized-keys") }, want: "-"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			root := sealtest.Plant(t)
			if c.remove != "" {
				if err := os.RemoveAll(filepath.Join(root, c.remove)); err != nil {
					t.Fatal(err)
				}
			}
			for p, text := range c.files {
				sealtest.Write(t, root, p, text)
				if err := os.Chmod(filepath.Join(root, p), 0o755); err != nil { //nolint:gosec // a program
					t.Fatal(err)
				}
			}
			o := alone(options(t, root, seal.ModeSeal), "authorized-keys", "histories", "ssh-host-keys")
			if c.change != nil {
				c.change(&o)
			}
			report, status := run(t, sealtest.Dash(t), o)
			fact := report.Facts["launch-key"]
			if c.want == "" {
				if status != seal.ExitRefused || !strings.Contains(report.Err().Error(), "allow_no_launch_key") {
					t.Errorf("status %d, %q: %v", status, fact, report.Err())
				}
				if _, err := os.Lstat(filepath.Join(root, "root/.bash_history")); err != nil {
					t.Errorf("refused, and yet: %v", err)
				}
				if _, err := os.Lstat(filepath.Join(root, "etc/systemd/system/goldenami-host-keys.service")); err == nil {
					t.Error("refused, and yet a unit is installed")
				}
				return
			}
			if status != seal.ExitSealed || fact != strings.TrimPrefix(c.want, "-") {
				t.Errorf("status %d, %q: %v", status, fact, report.Err())
			}
		})
	}
}

// A disk that the build had and an instance has not keeps the instance from
// booting.
func TestMountsOfTheNextBoot(t *testing.T) {
	t.Parallel()
	fstab := "# /etc/fstab\nUUID=here / ext4 defaults 0 1\nUUID=\"here\" /a ext4 defaults 0 1\n/dev/gone /data ext4 defaults 0 2\n" +
		"LABEL=gone /soft ext4 nofail 0 2\nUUID=gone none swap sw 0 0\ntmpfs /tmp tmpfs defaults 0 0\nPARTUUID=gone /x xfs noauto 0 0\n" +
		"/dev/xvdb /mnt auto defaults,comment=cloudconfig 0 2\nPARTLABEL=gone /y xfs defaults"
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		sealtest.Write(t, root, "fstab", fstab+"\n")
		text := strings.ReplaceAll(strings.TrimSuffix(program(t), "main </dev/null\n"), "/etc/fstab ]", "\"$T\" ]")
		text = strings.Replace(text, "4</etc/fstab\n", "4<\"$T\"\n", 1) + `
T='` + strings.ReplaceAll(root, "'", `'\''`) + `/fstab'
has_disks() { true; }
disk_is_there() { [ "${1##*/}" = here ]; }
refuse() { echo "$1 $2"; }
fstab_mounts
`
		var out strings.Builder
		if status, stderr := sh.Run(t.Context(), t, text, &out); status != 0 || stderr != "" {
			t.Fatalf("status %d: %s", status, stderr)
		}
		var refused []string
		for line := range strings.Lines(out.String()) {
			refused = append(refused, strings.Fields(line)[3])
		}
		if got := strings.Join(refused, " "); got != "/dev/gone UUID=gone PARTLABEL=gone" {
			t.Errorf("refused for %q:\n%s", got, out.String())
		}
	})
}

// visudo and sshd say so before an image does.
func TestSudoAndSSHDMustWork(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		text := strings.TrimSuffix(program(t), "main </dev/null\n") + `
find() { echo "$odd"; }
odd=
visudo() {
	echo "/etc/sudoers: parsed OK"
	echo "/etc/sudoers.d/x:1:3: syntax error"
	[ "$*" = "-c -f /etc/sudoers" ] && return 1
}
refuse() { echo "$1 $2"; }
sudo_works
visudo() { true; }
sudo_works
odd=/etc/sudoers.d/y
sudo_works
`
		var out strings.Builder
		if status, stderr := sh.Run(t.Context(), t, text, &out); status != 0 || stderr != "" {
			t.Fatalf("status %d: %s", status, stderr)
		}
		want := "sudo sudo would refuse users on an instance: /etc/sudoers.d/x:1:3: syntax error\n" +
			"sudo sudo does not read /etc/sudoers.d/y, since others than root may write it, and would refuse users on an instance; give it to root with mode 0440\n"
		if out.String() != want {
			t.Errorf("%q", out.String())
		}
	})
}

// Below a chroot no init system is asked, and the root is that of the image.
func TestChrootIsNoRunningSystem(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		text := strings.TrimSuffix(program(t), "main </dev/null\n") + `
GA_LIVE=true GA_ROOT=
in_chroot() { true; }
preflight() { echo "live $GA_LIVE chroot $GA_CHROOT" >&3; if runs_systemd || runs_openrc; then echo init >&3; fi; return 1; }
main </dev/null
`
		var out strings.Builder
		if status, stderr := sh.Run(t.Context(), t, text, &out); status != seal.ExitRefused || stderr != "" {
			t.Fatalf("status %d: %s", status, stderr)
		}
		if !strings.Contains(out.String(), " fact t:place t:chroot\nlive false chroot true\n") || strings.Contains(out.String(), "init\n") {
			t.Errorf("%q", out.String())
		}
	})
}
