package seal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// What must not be removed without asking is told, stays, and fails a strict
// seal; what is kept was asked for.
func TestWhatOnlyItsOwnerCanSettleIsWarnedOf(t *testing.T) {
	t.Parallel()
	planted := map[string]string{
		"opt/CrowdStrike/falconstore":              "x",
		"etc/qualys/hostid":                        "x",
		"etc/tenable_tag":                          "x",
		"var/opt/ds_agent/dsa_core/ds_agent.crt":   "x",
		"opt/Elastic/Agent/fleet.enc":              "x",
		"etc/apt/auth.conf.d/50-mirror.conf":       "machine mirror.example login build password " + sealtest.Marker,
		"etc/apt/auth.conf":                        "machine a.example\nlogin b\npassword " + sealtest.Marker,
		"etc/dnf/dnf.conf":                         "[main]\nproxy_password = " + sealtest.Marker,
		"etc/yum.repos.d/inner.repo":               "[inner]\npassword=" + sealtest.Marker,
		"etc/wireguard/wg0.conf":                   "[Interface]\nPrivateKey = " + sealtest.Marker,
		"etc/yum.repos.d/public.repo":              "[public]\n#password=\npassword=\n",
		"etc/rhsm/rhsm.conf":                       "[server]\nproxy_password =\n",
		"var/lib/snapd/device/private-keys-v1/abc": "x",
	}
	quiet := []string{"etc/yum.repos.d/public.repo", "etc/rhsm/rhsm.conf", "var/lib/snapd/device/private-keys-v1/abc"}
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		for p, content := range planted {
			sealtest.Write(t, root, p, content)
		}
		o := options(t, root, seal.ModeSeal)
		o.Keep = []string{"/etc/tenable_tag", "/etc/apt/auth.conf"}
		quiet := append([]string{"etc/tenable_tag", "etc/apt/auth.conf"}, quiet...)
		report, status := run(t, sh, o)
		if status != seal.ExitSealed {
			t.Fatal(report.Err())
		}
		for p, content := range planted {
			if got := holds(t, root, p); got != content {
				t.Errorf("%s: %q", p, got)
			}
			warned := strings.Contains(strings.Join(report.Warnings, "\n"), "/"+p+" ")
			isQuiet := false
			for _, q := range quiet {
				isQuiet = isQuiet || q == p
			}
			if warned == isQuiet {
				t.Errorf("warned of %s: %t, all warnings %q", p, warned, report.Warnings)
			}
		}
		if !strings.Contains(strings.Join(report.Notes, "\n"), "/var/lib/snapd/device stays") {
			t.Errorf("notes: %q", report.Notes)
		}
		if strings.Contains(strings.Join(report.Table(), "\n"), sealtest.Marker) {
			t.Error("the report shows a password")
		}
	})
}

// A domain controller's secrets are the domain.
func TestDomainControllerKeepsItsSecrets(t *testing.T) {
	t.Parallel()
	root := sealtest.Plant(t)
	sealtest.Write(t, root, "var/lib/samba/private/sam.ldb", "the domain")
	for _, mode := range []seal.Mode{seal.ModeSeal, seal.ModeAudit} {
		report, status := run(t, sealtest.Dash(t), alone(options(t, root, mode), "domain-membership"))
		if status != seal.ExitSealed {
			t.Error(report.Err())
		}
	}
	if _, err := os.Stat(filepath.Join(root, "var/lib/samba/private/secrets.tdb")); err != nil {
		t.Error(err)
	}
}
