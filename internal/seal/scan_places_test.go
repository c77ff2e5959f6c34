package seal_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// scanned gives what the scan finds in a root that has nothing else, in order.
func scanned(t *testing.T, sh sealtest.Shell, root string) []string {
	t.Helper()
	o := alone(options(t, root, seal.ModeAudit), "secret-scan")
	o.ScanAllow = []string{"/etc/ssh", "/etc/keys", "/etc/krb5.keytab", "/etc/apt", "/home/build", "/root", "/srv/app", "/tmp", "/var", "/opt/build"} // other operations' canaries
	report, _ := run(t, sh, o)
	if len(report.Warnings) > 0 {
		t.Errorf("warnings %q", report.Warnings)
	}
	found := operation(t, report, "secret-scan").LeftAt
	slices.Sort(found)
	return found
}

// Whatever directory the build made for its application is looked at, and what
// packages and containers brought is not.
func TestScanLooksWhereBuildsWrite(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		var want []string
		for _, p := range []string{
			"deploy.pem", ".token", "data/app/key", ".hidden/key", "opt/app/cache/key", "opt/backup/ssh_host_rsa_key", "usr/local/bin/key", "mnt/lib/dpkg/key",
		} {
			sealtest.Write(t, root, p, sealtest.Private)
			want = append(want, "/"+p+" (private-key)")
		}
		for _, p := range []string{
			"usr/lib/app/key", "var/lib/docker/overlay2/a/key", "var/cache/app/key", "opt/go/src/crypto/testdata/key", "opt/py/site-packages/x/tests/key",
		} {
			sealtest.Write(t, root, p, sealtest.Private)
		}
		sealtest.Write(t, root, "opt/app/large", strings.Repeat("-", 1<<20)+sealtest.Private)
		sealtest.Write(t, root, "large", strings.Repeat("-", 1<<20)+sealtest.Private)
		if err := os.Symlink("data", filepath.Join(root, "linked")); err != nil {
			t.Fatal(err)
		}
		slices.Sort(want)
		if got := scanned(t, sh, root); !slices.Equal(got, want) {
			t.Errorf("found %q\nplanted %q", got, want)
		}
	})
}

// Key stores cannot be looked into: their names tell what they are.
func TestScanTellsSecretsByTheirNames(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		var want []string
		for p, content := range map[string]string{
			"opt/app/server.p12": "\x30", "opt/app/server.pfx": "\x30", "opt/app/server.jks": "\xfe", "home/x y/pass.kdbx": "\x03", "opt/app/http.keytab": "\x05",
			"opt/infra/terraform.tfstate": "{}", "opt/infra/terraform.tfstate.backup": "{}", "srv/www/.htpasswd": "u:h", "srv/www/wp-config.php": "<?php",
			"opt/app/.env": "PORT=80\nAPI_KEY=x1\n", "opt/app/.env.production": "DB_PASSWORD: x\n", "opt/infra/prod.tfvars": "db_password = \"x\"\n",
			"srv/key.pub.p12": strings.Repeat("\x00", 3<<20),
		} {
			sealtest.Write(t, root, p, content)
			want = append(want, "/"+p+" (secret by its name)")
		}
		for p, content := range map[string]string{
			"opt/app/truststore.jks": "\xfe", "opt/java/cacerts.jks": "\xfe", "opt/other/.env": "PORT=80\n# PASSWORD=x\nAPI_KEY=\n", "opt/app/.env.example": "API_KEY=x\n",
			"opt/infra/dev.tfvars": "size = 2\n", "srv/www/wp-config-sample.php": "<?php", "opt/app/tests/a.p12": "\x30", "etc/ssl/certs/ca.pem": "-----BEGIN CERTIFICATE-----",
		} {
			sealtest.Write(t, root, p, content)
		}
		slices.Sort(want)
		if got := scanned(t, sh, root); !slices.Equal(got, want) {
			t.Errorf("found %q\nplanted %q", got, want)
		}
	})
}
