package seal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// stays and goes tell which of the paths are as planted, and which are gone.
func staysAndGoes(t *testing.T, root string, stays, goes []string) {
	t.Helper()
	for _, p := range stays {
		if info, err := os.Lstat(filepath.Join(root, p)); err != nil || info.Size() == 0 {
			t.Errorf("%s was touched: %v", p, err)
		}
	}
	for _, p := range goes {
		if _, err := os.Lstat(filepath.Join(root, p)); err == nil {
			t.Errorf("%s stayed", p)
		}
	}
}

func TestDefaultOperations(t *testing.T) {
	t.Parallel()
	root := sealtest.Plant(t)
	o := options(t, root, seal.ModeSeal)
	o.Enable, o.ScrubPaths = nil, nil
	report, status := run(t, sealtest.Dash(t), o)
	if status != seal.ExitSealed {
		t.Fatal(report.Err())
	}
	staysAndGoes(t, root,
		[]string{"root/.cache/x", "var/lib/dnf/history.sqlite", "var/spool/cron/crontabs/build", "etc/lvm/devices/system.devices", "opt/build/src/main.c"},
		[]string{"root/.bash_history", "etc/ssh/ssh_host_rsa_key"})
}

func TestKeepUsers(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		sealtest.Write(t, root, "etc/ssh/keys/app", sealtest.Public)
		o := alone(options(t, root, seal.ModeSeal), "authorized-keys", "ssh-client-keys", "passwords", "build-key")
		o.KeepUsers = []string{"build", "nobody-of-this-name", "it's;$(id)&*"}
		report, status := run(t, sh, o)
		if status != seal.ExitSealed {
			t.Fatal(report.Err())
		}
		staysAndGoes(t, root,
			[]string{"home/build/.ssh/authorized_keys", "home/build/.ssh/authorized_keys2", "home/build/.keys/second", "etc/ssh/keys/build"},
			[]string{"root/.ssh/authorized_keys", "srv/app/.ssh/authorized_keys", "etc/ssh/keys/app", "home/build/.ssh/id_ed25519"})
	})
}

func TestScrubPaths(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root, outside := sealtest.Plant(t), t.TempDir()
		sealtest.Write(t, outside, "file", "the host's")
		sealtest.Write(t, root, "opt/it's $(id) [a]*/-rf", "x")
		sealtest.Write(t, root, "opt/it's $(id) a/x", "x")
		sealtest.Write(t, root, "opt/part/kept/x", "x")
		sealtest.Write(t, root, "opt/part/gone/x", "x")
		for link, target := range map[string]string{"opt/link": "/usr", "opt/out": outside, "srv/out": filepath.Join(outside, "file")} {
			if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
				t.Fatal(err)
			}
		}
		o := alone(options(t, root, seal.ModeSeal), "scrub-paths")
		o.Keep = []string{"/opt/part/kept"}
		o.ScrubPaths = []string{"/opt/it's $(id) [a]*", "/opt/part", "/opt/link", "/srv/out", "/not/there", "/opt/build/"}
		report, status := run(t, sh, o)
		if status != seal.ExitSealed {
			t.Fatal(report.Err())
		}
		staysAndGoes(t, root,
			[]string{"opt/it's $(id) a/x", "opt/part/kept/x", "usr/sbin/sshd", "opt/out", "srv/tool.tar"},
			[]string{"opt/it's $(id) [a]*", "opt/part/gone", "opt/link", "srv/out", "opt/build"})
		staysAndGoes(t, outside, []string{"file"}, nil)

		o.ScrubPaths = []string{"/opt/out/file"}
		report, status = run(t, sh, o)
		if status != seal.ExitLeft || !strings.Contains(report.Err().Error(), "leads out of the root") {
			t.Errorf("status %d: %v", status, report.Err())
		}
		staysAndGoes(t, outside, []string{"file"}, nil)
	})
}

// A warning is shown, and a fault only where strict is set.
func TestStrict(t *testing.T) {
	t.Parallel()
	root := sealtest.Plant(t)
	if err := os.Remove(filepath.Join(root, "lib/open-iscsi/startup-checks.sh")); err != nil {
		t.Fatal(err)
	}
	o := alone(options(t, root, seal.ModeSeal), "storage-identities")
	for _, strict := range []bool{false, true} {
		o.Strict = strict
		report, _ := run(t, sealtest.Dash(t), o)
		if len(report.Warnings) != 1 || !strings.Contains(report.Warnings[0], "one iSCSI initiator") ||
			!strings.Contains(strings.Join(report.Table(), "\n"), "\nwarning: /etc/iscsi/initiatorname.iscsi stays") {
			t.Errorf("warnings: %q", report.Warnings)
		}
		if err := report.Err(); (err != nil) != strict {
			t.Errorf("strict %t: %v", strict, err)
		}
	}
}

// Where cloud-init will not write the network's files again they are content.
func TestNetworkOfCloudInitStaysWhereItIsToldToLeaveIt(t *testing.T) {
	t.Parallel()
	for p, text := range map[string]string{
		"etc/cloud/cloud-init.disabled":                "",
		"etc/cloud/cloud.cfg.d/99-disable-network.cfg": "network: {config: disabled}\n",
	} {
		root := sealtest.Plant(t)
		sealtest.Write(t, root, p, text)
		report, status := run(t, sealtest.Dash(t), alone(options(t, root, seal.ModeSeal), "network-names"))
		if status != seal.ExitSealed {
			t.Fatal(report.Err())
		}
		staysAndGoes(t, root, []string{"etc/netplan/50-cloud-init.yaml"}, []string{"etc/udev/rules.d/70-persistent-net.rules"})
	}
}
