package seal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/shell"
)

// without removes paths of a root.
func without(t *testing.T, root string, paths ...string) {
	t.Helper()
	for _, p := range paths {
		if err := os.RemoveAll(filepath.Join(root, p)); err != nil {
			t.Fatal(err)
		}
	}
}

// asked runs more of the program's own words in a root, as in a running guest.
func asked(t *testing.T, sh sealtest.Shell, root, more string) string {
	t.Helper()
	text := strings.TrimSuffix(program(t), "main </dev/null\n") + "GA_LIVE=true GA_ROOT=" + shell.Quote(root) + `
emit() { shift; echo "$*"; }
refuse() { echo "refused: $1 $2"; }
in_container() { false; }
runs_systemd() { $GA_LIVE; }
` + more + "\n"
	var out strings.Builder
	if status, stderr := sh.Run(t.Context(), t, text, &out); status != 0 || stderr != "" {
		t.Fatalf("status %d: %s", status, stderr)
	}
	return out.String()
}

// An instance without a network is one that nobody reaches.
func TestNetworkMustComeUp(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		for p, want := range map[string]string{
			"etc/systemd/system/multi-user.target.wants/systemd-networkd.service":     "network brought up by systemd-networkd\n",
			"etc/systemd/system/network-online.target.wants/networking.service":       "network brought up by networking\n",
			"usr/lib/systemd/system/multi-user.target.wants/systemd-networkd.service": "network brought up by systemd-networkd\n",
			"etc/systemd/system/multi-user.target.wants/NetworkManager.service":       "network brought up by NetworkManager\n",
			"etc/systemd/system/multi-user.target.wants/dhcpcd@ens5.service":          "network brought up by dhcpcd@ens5.service\n",
			"etc/rc3.d/S10network":                            "network brought up by network\n",
			"etc/rc.d/rc3.d/S10network":                       "network brought up by network\n",
			"etc/runlevels/boot/networking":                   "network brought up by networking\n",
			"etc/runlevels/boot/net.eth0":                     "network brought up by net.eth0\n",
			"usr/lib/systemd/system/systemd-networkd.service": "refused: network nothing that is enabled",
			"etc/rc3.d/K10network":                            "refused: network nothing that is enabled",
		} {
			root := t.TempDir()
			sealtest.Write(t, root, p, "")
			if got := asked(t, sh, root, "network_comes"); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %q", p, got)
			}
		}
		root := t.TempDir()
		if got := asked(t, sh, root, "GA_ALLOW_NO_NETWORK=true; network_comes"); got != "" {
			t.Errorf("allowed: %q", got)
		}
		if got := asked(t, sh, root, "in_container() { true; }; network_comes"); got != "network of the container\n" {
			t.Errorf("in a container: %q", got)
		}
		if got := asked(t, sh, root, "GA_LIVE=false; network_comes"); got != "network unknown\n" {
			t.Errorf("mounted: %q", got)
		}
	})
}

// A configuration that names what only the build's machine has.
func TestNoConfigurationNamesThisMachine(t *testing.T) {
	t.Parallel()
	for text, found := range map[string]bool{
		"macaddress: 02:AB:00:00:00:01": true, "addresses: [10.1.2.3/24]": true,
		"macaddress: 02:ab:00:00:00:0100": false, "addresses: [10.1.2.30/24, 110.1.2.3]": false, "gateway4: 10.1.2.1": false,
	} {
		root := sealtest.Plant(t)
		sealtest.Write(t, root, "etc/netplan/01 own.yaml", text+"\n")
		report, _ := runChanged(t, alone(options(t, root, seal.ModeSeal), "network-names"), `own_addresses() { printf '02:ab:00:00:00:01\n10.1.2.3\n'; }`)
		if err := report.Err(); (err != nil) != found || found && !strings.Contains(err.Error(), "/etc/netplan/01 own.yaml") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// The addresses are those of cards, in the form in which configurations have them.
func TestOwnAddresses(t *testing.T) {
	t.Parallel()
	got := asked(t, sealtest.Dash(t), "/nowhere", `cat() { printf '00:00:00:00:00:00\n02:ab:00:00:00:01\n80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:00:00:01\n'; }
ip() { [ "$*" = "-o -4 addr show scope global" ] && echo '2: ens5    inet 10.1.2.3/24 metric 100 brd 10.1.2.255 scope global dynamic ens5'; }
own_addresses`)
	if got != "02:ab:00:00:00:01\n10.1.2.3\n" {
		t.Errorf("%q", got)
	}
}

func TestGuestWithoutSSHD(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		without(t, root, "usr/sbin/sshd", "usr/bin/ssh-keygen", "etc/ssh/sshd_config", "etc/keys")
		o := options(t, root, seal.ModeSeal)
		report, status := run(t, sh, o)
		if status != seal.ExitSealed || report.Facts["host-keys"] != "no sshd" {
			t.Errorf("status %d, %q: %v", status, report.Facts["host-keys"], report.Err())
		}
		staysAndGoes(t, root, nil, []string{"etc/ssh/ssh_host_rsa_key", "root/.ssh/authorized_keys", "root/.bash_history"})
	})
}

// cloud-init and every unit make host keys with ssh-keygen.
func TestGuestWithoutSSHKeygenIsRefused(t *testing.T) {
	t.Parallel()
	root := sealtest.Plant(t)
	without(t, root, "usr/bin/ssh-keygen")
	report, status := run(t, sealtest.Dash(t), options(t, root, seal.ModeSeal))
	if err := report.Err(); status != seal.ExitRefused || err == nil || !strings.Contains(err.Error(), "no ssh-keygen") || !strings.Contains(err.Error(), "allow_no_host_keys") {
		t.Errorf("status %d: %v", status, report.Err())
	}
	staysAndGoes(t, root, []string{"root/.bash_history", "etc/ssh/ssh_host_rsa_key"}, nil)
}

// What the seal makes gets its label: from the running policy, or from the image's
// where the image is mounted.
func TestFilesAreLabelled(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		const contexts = "etc/selinux/targeted/contexts/files/file_contexts"
		for name, c := range map[string]struct{ config, more, want string }{
			"enforcing":         {"enforcing", `cat() { echo 1; }`, "selinux enforcing\nrestorecon -R ROOT/etc/ssh\n"},
			"off":               {"disabled", `cat() { return 1; }`, ""},
			"mounted":           {"enforcing", `GA_LIVE=false`, "setfiles -r ROOT ROOT/" + contexts + " ROOT/etc/ssh\n"},
			"mounted, and off":  {"disabled", `GA_LIVE=false`, ""},
			"nothing to use it": {"permissive", `command() { return 1; }; cat() { echo 0; }`, "selinux permissive\nthe image uses SELinux, and there is no restorecon here"},
		} {
			root := t.TempDir()
			sealtest.Write(t, root, "etc/ssh/sshd_config", "")
			sealtest.Write(t, root, "etc/selinux/config", "# SELINUX=enforcing\nSELINUX="+c.config+"\nSELINUXTYPE=targeted\n")
			sealtest.Write(t, root, contexts, "")
			got := asked(t, sh, root, "calmly() { echo \"$*\"; }\nrestorecon() { :; }\nsetfiles() { :; }\n"+c.more+"\nrelabel")
			if got = strings.ReplaceAll(got, root, "ROOT"); !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
				t.Errorf("%s: %q", name, got)
			}
		}
	})
}
