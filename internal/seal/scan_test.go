package seal_test

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// planted puts every kind of secret into files of five kinds and gives where
// they are.
func planted(t *testing.T, root string) map[string]string {
	t.Helper()
	where := map[string]string{}
	for rule, secret := range sealtest.Secrets() {
		text := "# made by the build\nvalue: " + secret + "\n"
		for dir, content := range map[string]string{
			"etc/app/": text, "opt/it's [a]* $(id)/": "no newline at its end: " + secret,
			"var/lib/app/": "SQLite format 3\x00AKIAIOSFODNN7EXAMPLE\x00\xff value:" + secret + "\x00\x02", "srv/windows/": utf16Text(binary.LittleEndian, text),
			"home/windows/": utf16Text(binary.BigEndian, text),
		} {
			p := dir + rule + ".conf"
			sealtest.Write(t, root, p, content)
			where["/"+p+" ("+rule+")"] = p
		}
	}
	return where
}

// utf16Text gives text as Windows tools write it, with the mark at its beginning.
func utf16Text(order binary.AppendByteOrder, text string) string {
	b := order.AppendUint16(nil, 0xfeff)
	for _, r := range text {
		b = order.AppendUint16(b, uint16(r)) //nolint:gosec // ASCII
	}
	return string(b)
}

// All canaries are found before, with their rule and never their content; none is
// found once their owner has removed them.
func TestScanFindsEachSecretAndNothingAfter(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		where := planted(t, root)
		o := alone(options(t, root, seal.ModeAudit), "secret-scan")
		o.ScanAllow = []string{"/etc/ssh", "/etc/keys", "/etc/krb5.keytab", "/home/build", "/home/gone", "/home/la st", "/root", "/srv/app"} // other operations' canaries
		report, status := run(t, sh, o)
		found := operation(t, report, "secret-scan")
		if status != seal.ExitLeft || found.Left != len(where) || len(where) < 60 {
			t.Errorf("status %d, %d planted, %d found: %v", status, len(where), found.Left, report.Err())
		}
		for _, at := range found.LeftAt {
			if where[at] == "" {
				t.Errorf("%s was not planted", at)
			}
		}
		text, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		shown := strings.Join(report.Table(), "\n") + string(text)
		for rule, secret := range sealtest.Secrets() {
			if strings.Contains(shown, secret) {
				t.Errorf("the secret of %s is shown", rule)
			}
		}
		for _, p := range where {
			if err := os.Remove(filepath.Join(root, p)); err != nil {
				t.Fatal(err)
			}
		}
		if report, status = run(t, sh, o); status != seal.ExitSealed {
			t.Errorf("after they are gone: %v", report.Err())
		}
	})
}

func operation(t *testing.T, r *seal.Report, name string) seal.OperationReport {
	t.Helper()
	for _, op := range r.Operations {
		if op.Name == name {
			return op
		}
	}
	t.Fatalf("%s is not in the report", name)
	return seal.OperationReport{}
}

func TestScanModes(t *testing.T) {
	t.Parallel()
	for mode, want := range map[seal.ScanMode]struct {
		left, warnings int
		check          seal.Result
	}{
		seal.ScanFail: {left: 1, check: seal.ResultLeft},
		seal.ScanWarn: {warnings: 1, check: seal.ResultClean},
		seal.ScanOff:  {check: seal.ResultSkipped},
		"":            {check: seal.ResultSkipped},
	} {
		root := sealtest.Plant(t)
		sealtest.Write(t, root, "opt/app/key.pem", sealtest.Private)
		sealtest.Write(t, root, "opt/allowed/key.pem", sealtest.Private)
		sealtest.Write(t, root, "opt/kept/key.pem", sealtest.Private)
		sealtest.Write(t, root, "opt/doc/README", "AKIAIOSFODNN7EXAMPLE\nhttps://user:password@host/\n")
		sealtest.Write(t, root, "etc/ssl/private/ssl-cert-snakeoil.key", sealtest.Private)
		o := alone(options(t, root, seal.ModeSeal), "secret-scan", "ssh-host-keys", "ssh-client-keys", "temp-files", "authorized-keys", "credentials", "domain-membership", "scrub-paths")
		o.SecretScan, o.ScanAllow, o.Keep = mode, []string{"/opt/allowed/"}, []string{"/opt/kept"}
		report, _ := run(t, sealtest.Dash(t), o)
		got := operation(t, report, "secret-scan")
		if got.Left != want.left || got.Check != want.check || len(report.Warnings) != want.warnings {
			t.Errorf("%q: %d left, check %s, warnings %q: %q", mode, got.Left, got.Check, report.Warnings, got.LeftAt)
		}
		if _, err := os.Stat(filepath.Join(root, "opt/app/key.pem")); err != nil {
			t.Errorf("the scan removes: %v", err)
		}
	}
}

// Tools that cannot look are no proof of a clean image.
func TestScanWithToolsThatCannotLook(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]string{
		"sed knows no -E":  `sed() { case $1 in -nE) return 1 ;; esac; command sed "$@"; }`,
		"grep knows no -o": `grep() { case $1 in -Eo) return 2 ;; esac; command grep "$@"; }`,
	} {
		report, _ := runChanged(t, alone(options(t, sealtest.Plant(t), seal.ModeAudit), "secret-scan"), more)
		if err := report.Err(); err == nil || !strings.Contains(err.Error(), "grep or sed cannot be used") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A scan that has no time left says what it did not look at.
func TestScanTimeout(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]string{
		"in a directory": `timeout() { [ "$1" -gt 0 ] && return 124; }`,
		"BusyBox's way":  `timeout() { [ "$1" -gt 0 ] && return 143; }`,
		"before all":     `GA_SCAN_TIMEOUT=0`,
		"at a file":      `scan_suspect() { deadline=0; }`,
	} {
		root := sealtest.Plant(t)
		sealtest.Write(t, root, "etc/app/one", sealtest.Private)
		sealtest.Write(t, root, "etc/app/two", sealtest.Private)
		o := alone(options(t, root, seal.ModeAudit), "secret-scan")
		o.Strict, o.ScanTimeout = true, 90*time.Second
		report, _ := runChanged(t, o, more)
		if err := report.Err(); err == nil || !strings.Contains(err.Error(), "s: / was not looked at") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
