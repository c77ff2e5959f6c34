package seal_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// Who makes host keys again decides whether the image can be reached at all.
func TestHostKeysMustComeBack(t *testing.T) {
	t.Parallel()
	const keygen = "[Service]\nExecStart=/usr/bin/ssh-keygen -A\n"
	const installed = "made again by /etc/systemd/system/goldenami-host-keys.service, which the seal installs"
	const scripted = "made again by /etc/init.d/goldenami-host-keys, which the seal installs"
	cases := []struct {
		name   string
		files  map[string]string
		remove []string
		want   string // fact, or "" where it is refused
	}{
		{name: "cloud-init configured", want: "made again by cloud-init"},
		{name: "cloud-init disabled", files: map[string]string{"etc/cloud/cloud-init.disabled": ""}, want: installed},
		{name: "cloud-init without its ssh module", files: map[string]string{"etc/cloud/cloud.cfg": "cloud_init_modules:\n - seed_random\n - ssh-import-id\ncloud_config_modules:\n - ssh\n"}, want: installed},
		{name: "cloud-init with a bracketed module", files: map[string]string{"etc/cloud/cloud.cfg": "cloud_init_modules:\n - [ssh, always]\n"}, want: "made again by cloud-init"},
		{name: "configuration without module lists", files: map[string]string{"etc/cloud/cloud.cfg": "disable_root: true\n"}, want: "made again by cloud-init"},
		{name: "nothing at all", remove: []string{"etc/cloud"}, want: installed},
		{name: "nothing and no ssh-keygen", remove: []string{"etc/cloud", "usr/bin/ssh-keygen"}},
		{name: "nothing and no systemd", remove: []string{"etc/cloud", "usr/lib/systemd"}},
		{name: "keygen unit", remove: []string{"etc/cloud"}, files: map[string]string{"usr/lib/systemd/system/sshd-keygen@.service": keygen}, want: "made again by /usr/lib/systemd/system/sshd-keygen@.service"},
		{name: "keygen unit of the first boot only", remove: []string{"etc/cloud"}, files: map[string]string{"usr/lib/systemd/system/sshd-keygen.service": "[Unit]\nConditionFirstBoot=yes\n" + keygen}, want: installed},
		{name: "drop-in of the service", remove: []string{"etc/cloud"}, files: map[string]string{"etc/systemd/system/ssh.service.d/keys.conf": "[Service]\nExecStartPre=/usr/bin/ssh-keygen -A\n"}, want: "made again by /etc/systemd/system/ssh.service.d/keys.conf"},
		{name: "init script beside systemd", remove: []string{"etc/cloud"}, files: map[string]string{"etc/init.d/sshd": "ssh-keygen -A\n"}, want: installed},
		{name: "init script of OpenRC", remove: []string{"etc/cloud", "usr/lib/systemd"}, files: map[string]string{"etc/init.d/sshd": "ssh-keygen -A\n"}, want: "made again by /etc/init.d/sshd"},
		{name: "init script of OpenRC that makes none", remove: []string{"etc/cloud", "usr/lib/systemd"}, files: map[string]string{"etc/init.d/ssh": "sshd\n", "sbin/openrc-run": "", "etc/runlevels/boot/ssh": ""}, want: scripted},
		{name: "no sshd", remove: []string{"etc/cloud", "usr/sbin/sshd"}, want: "no sshd"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			root := sealtest.Plant(t)
			for _, p := range c.remove {
				if err := os.RemoveAll(filepath.Join(root, p)); err != nil {
					t.Fatal(err)
				}
			}
			for p, text := range c.files {
				sealtest.Write(t, root, p, text)
			}
			for _, program := range []string{"etc/init.d/sshd", "sbin/openrc-run"} {
				if err := os.Chmod(filepath.Join(root, program), 0o755); err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Fatal(err)
				}
			}
			o := alone(options(t, root, seal.ModeSeal), "ssh-host-keys")
			report, status := run(t, sealtest.Dash(t), o)
			if c.want == "" {
				refusedUntouched(t, root, report, status)
			} else if got := report.Facts["host-keys"]; status != seal.ExitSealed || got != c.want {
				t.Errorf("status %d, %q, want %q: %v", status, got, c.want, report.Err())
			}
			target, err := os.Readlink(filepath.Join(root, "etc/systemd/system/multi-user.target.wants/goldenami-host-keys.service"))
			if enabled := err == nil; enabled != (c.want == installed) {
				t.Errorf("unit enabled: %t, %v", enabled, err)
			}
			unit, _ := os.ReadFile(filepath.Join(root, target)) // there is none where none is wanted
			if got := strings.Contains(string(unit), "ExecStart=/usr/bin/ssh-keygen -A\n"); got != (c.want == installed) {
				t.Errorf("unit: %s", unit)
			}
			// In the runlevel where sshd is.
			if _, err := os.Lstat(filepath.Join(root, "etc/runlevels/boot/goldenami-host-keys")); (err == nil) != (c.want == scripted) {
				t.Errorf("script enabled: %v", err)
			}
		})
	}
}

// refusedUntouched: with a reason that names the way on, and nothing deleted.
func refusedUntouched(t *testing.T, root string, report *seal.Report, status int) {
	t.Helper()
	if status != seal.ExitRefused || report.Err() == nil || !strings.Contains(report.Err().Error(), "allow_no_host_keys") {
		t.Errorf("status %d: %v", status, report.Err())
	}
	for _, c := range sealtest.Canaries() {
		if strings.HasPrefix(c.Path, "etc/cloud/") {
			continue // removed for this case
		}
		if _, err := os.Lstat(filepath.Join(root, c.Path)); err != nil {
			t.Errorf("refused, and yet: %v", err)
		}
	}
}

func TestHostKeyRefusalCanBeOverridden(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*seal.Options){
		"allowed": func(o *seal.Options) { o.AllowNoHostKeys = true },
		"skipped": func(o *seal.Options) { o.Skip = append(o.Skip, "ssh-host-keys") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := sealtest.Plant(t)
			for _, p := range []string{"etc/cloud", "usr/bin/ssh-keygen"} {
				if err := os.RemoveAll(filepath.Join(root, p)); err != nil {
					t.Fatal(err)
				}
			}
			o := alone(options(t, root, seal.ModeSeal), "ssh-host-keys", "histories")
			o.AllowNoLaunchKey = true
			change(&o)
			report, status := run(t, sealtest.Dash(t), o)
			if status != seal.ExitSealed {
				t.Fatal(report.Err())
			}
			_, err := os.Lstat(filepath.Join(root, "etc/ssh/ssh_host_rsa_key"))
			if kept := err == nil; kept != (name == "skipped") {
				t.Errorf("host key there: %t", kept)
			}
		})
	}
}

// Without systemd nothing has to be made that was not there.
func TestSealWithoutSystemd(t *testing.T) {
	t.Parallel()
	root := sealtest.Plant(t)
	for _, p := range []string{"usr/lib/systemd", "etc/machine-id"} {
		if err := os.RemoveAll(filepath.Join(root, p)); err != nil {
			t.Fatal(err)
		}
	}
	if report, status := run(t, sealtest.BusyBox(t), options(t, root, seal.ModeSeal)); status != seal.ExitSealed {
		t.Fatal(report.Err())
	}
	for _, p := range []string{"etc/machine-id", "var/lib/dbus/machine-id"} {
		if _, err := os.Lstat(filepath.Join(root, p)); err == nil {
			t.Errorf("%s is there", p)
		}
	}
}

// With systemd a missing id does not boot where /etc is read-only early.
func TestMissingMachineIDIsMadeEmpty(t *testing.T) {
	t.Parallel()
	root := sealtest.Plant(t)
	id := filepath.Join(root, "etc/machine-id")
	if err := os.Remove(id); err != nil {
		t.Fatal(err)
	}
	if report, status := run(t, sealtest.Dash(t), alone(options(t, root, seal.ModeSeal), "machine-id")); status != seal.ExitSealed {
		t.Fatal(report.Err())
	}
	if info, err := os.Stat(id); err != nil || info.Size() != 0 || info.Mode().Perm() != 0o444 {
		t.Errorf("%v %v", info, err)
	}
}

// A failed operation is named with its reason, and the others ran.
func TestAFailedOperationDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		sealtest.Write(t, root, "home/build/.bash_history.d/x", "")
		if err := os.Remove(filepath.Join(root, "home/build/.bash_history")); err != nil {
			t.Fatal(err)
		}
		sealtest.Write(t, root, "home/build/.bash_history/inner", sealtest.Marker)
		report, status := run(t, sh, options(t, root, seal.ModeSeal))
		failed := operationsOf(report, func(op seal.OperationReport) bool { return op.Result != seal.ResultSealed })
		if status != seal.ExitLeft || len(failed) != 1 || failed[0] != "histories" || !report.Complete {
			t.Fatalf("status %d, failed %v", status, failed)
		}
		if err := report.Err(); !strings.Contains(err.Error(), "histories failed: ") || !strings.Contains(err.Error(), ".bash_history is not a file") {
			t.Errorf("%v", err)
		}
		if _, err := os.Lstat(filepath.Join(root, "etc/ssh/ssh_host_rsa_key")); err == nil {
			t.Error("a later operation did not run")
		}
	})
}

// A cloud-init that never ends would write back what is removed.
func TestCloudInitMustHaveEnded(t *testing.T) {
	t.Parallel()
	for status, refused := range map[string]bool{"0": false, "1": false, "2": false, "124": true, "143": true} {
		root := sealtest.Plant(t)
		report, _ := runChanged(t, alone(options(t, root, seal.ModeSeal), "histories"), `
cloud_init_boots() { true; }
timeout() { [ "$1 $2 $3 $4" = "120 cloud-init status --wait" ] && return `+status+`; }`)
		if got := len(report.Refusals) == 1 && report.Refusals[0].Check == "cloud-init"; got != refused {
			t.Errorf("status %s: refusals %v", status, report.Refusals)
		}
		if _, err := os.Lstat(filepath.Join(root, "root/.bash_history")); (err == nil) != refused {
			t.Errorf("status %s: %v", status, err)
		}
	}
}
