package seal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	sealing "github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

func TestAllowListOfAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "allow")
	if err := os.WriteFile(file, []byte("# test keys\n\n/opt/a b/\r\n  /srv/x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := prepared(map[string]any{"scan_allow": []string{"/opt/c"}, "scan_allow_file": file})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(p.config.options().ScanAllow, "|"); got != "/opt/c|/opt/a b/|/srv/x" {
		t.Errorf("%q", got)
	}
	if err := os.WriteFile(file, []byte("/opt/a\nopt/b\n/\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = prepared(map[string]any{"scan_allow_file": file})
	for _, want := range []string{"allow:2: \"opt/b\" is not an absolute path", "allow:3: \"/\" is the whole guest"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
	if err := os.Chmod(file, 0); err != nil {
		t.Fatal(err)
	}
	if _, err = prepared(map[string]any{"scan_allow_file": file}); os.Geteuid() != 0 && (err == nil || !strings.Contains(err.Error(), "permission denied")) {
		t.Errorf("unreadable: %v", err)
	}
	if _, err = prepared(map[string]any{"scan_allow_file": unknown + "/allow"}); err != nil {
		t.Errorf("a name that is not known yet: %v", err)
	}
}

// What the template forbids, and what Packer itself tells of secrets, is found in
// the guest and shown nowhere.
func TestSecretsOfThisBuildAreFound(t *testing.T) {
	t.Parallel()
	const token, password, variable = "tok'en-$(id)", "pass-word-of-login", "json-variable-value"
	for mode, want := range map[string]struct {
		err, said []string
	}{
		"fail": {err: []string{"/opt/t (forbidden_strings[1])", "/opt/p (the password of the build's login)", `/opt/v (the sensitive variable "db")`}},
		"warn": {err: []string{"/opt/t (forbidden_strings[1])"}, said: []string{"warning: /opt/p holds the password of the build's login", `warning: /opt/v holds the sensitive variable "db"`}},
		"off":  {err: []string{"/opt/t (forbidden_strings[1])"}},
	} {
		root, report := sealtest.Plant(t), filepath.Join(t.TempDir(), "report.json")
		sealtest.Write(t, root, "opt/t", token)
		sealtest.Write(t, root, "opt/p", password)
		sealtest.Write(t, root, "opt/v", variable)
		sealtest.Write(t, root, "opt/s", "short")
		g := &guest{t: t, shell: sealtest.Dash(t)}
		p := overRPC(t, &Provisioner{root: root})
		if err := p.Prepare(map[string]any{
			"forbidden_strings": []string{"stands-nowhere", token}, "secret_scan": mode, "report": report,
			"packer_user_variables": map[string]string{"db": variable, "s": "short", "plain": "/bin/sh\n"}, "packer_sensitive_variables": []string{"db", "s", "none"},
		}); err != nil {
			t.Fatal(err)
		}
		ui := &screen{t: t}
		err := p.Provision(t.Context(), ui, g, map[string]any{"ConnType": "ssh", "Password": password})
		g.done.Wait()
		text, readErr := os.ReadFile(report)
		if err == nil || readErr != nil {
			t.Fatalf("%v, %v", err, readErr)
		}
		for _, part := range want.err {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q is missing in %v", mode, part, err)
			}
		}
		for _, part := range want.said {
			if !strings.Contains(ui.text(), part) {
				t.Errorf("%s: %q is missing in %s", mode, part, ui.text())
			}
		}
		if n := strings.Count(err.Error()+ui.text(), "/opt/s"); n != 0 {
			t.Errorf("%s: what is short is looked for", mode)
		}
		for _, secret := range []string{token, password, variable} {
			if strings.Contains(err.Error()+ui.text()+string(text), secret) {
				t.Errorf("%s: %s is shown", mode, secret)
			}
		}
	}
}

// A string that Packer never came to know would be found nowhere.
func TestUnknownForbiddenStringIsRefused(t *testing.T) {
	t.Parallel()
	g := &guest{t: t}
	p := &Provisioner{root: sealtest.Plant(t)}
	if err := p.Prepare(map[string]any{"forbidden_strings": []string{"a" + unknown}}); err != nil {
		t.Fatal(err)
	}
	err := p.Provision(t.Context(), &screen{t: t}, g, nil)
	if err == nil || !strings.Contains(err.Error(), "forbidden_strings[0] has no value") || g.starts() != 0 {
		t.Errorf("%v", err)
	}
}

func TestScannerReachesTheGuest(t *testing.T) {
	t.Parallel()
	root := sealtest.Plant(t)
	shown, err := sealed(t, &guest{}, root, map[string]any{"mode": string(sealing.ModeAudit), "scanner_command": `test ! -e "$GOLDENAMI_ROOT/root/.bash_history"`})
	if err == nil || !strings.Contains(err.Error(), "scanner_command (exit status 1)") {
		t.Errorf("%v\n%s", err, shown)
	}
}
