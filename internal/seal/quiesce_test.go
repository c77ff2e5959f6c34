package seal_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// quiesced runs nothing but quiesce, as on a guest with the given init system;
// every command that it would run is printed in its place, and it can make no
// directory.
func quiesced(t *testing.T, sh sealtest.Shell, init string) []string {
	t.Helper()
	text := strings.TrimSuffix(program(t), "main </dev/null\n")
	text += `runs_systemd() { [ ` + init + ` = systemd ]; }
runs_openrc() { [ ` + init + ` = openrc ]; }
calmly() { printf '%s\n' "$*"; }
auditd() { :; }
mkdir() { return 1; }
exec 3>/dev/null
quiesce
`
	var out bytes.Buffer
	if status, stderr := sh.Run(t.Context(), t, text, &out); status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	return strings.Split(strings.TrimSpace(out.String()), "\n")
}

func TestQuiesce(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		systemd := quiesced(t, sh, "systemd")
		for _, want := range []string{"systemd-random-seed.service", "syslog.socket", "rsyslog.service", "apt-daily.timer"} {
			if first, units, _ := strings.Cut(systemd[0], " stop "); first != "systemctl" || !slices.Contains(strings.Fields(units), want) {
				t.Errorf("systemd: %s is not stopped by %q", want, systemd[0])
			}
		}
		if !slices.Contains(systemd, "service auditd stop") {
			t.Errorf("systemd: %q", systemd)
		}
		if openrc := quiesced(t, sh, "openrc"); !slices.Contains(openrc, "rc-service --ifstarted syslog stop") {
			t.Errorf("OpenRC: %q", openrc)
		}
		if other := quiesced(t, sh, "none"); len(other) != 1 || other[0] != "" {
			t.Errorf("without an init system: %q", other)
		}
		// The session runs through these.
		for _, line := range systemd {
			for _, never := range []string{"ssh", "network", "amazon", "disable", "mask", "restart"} {
				if strings.Contains(line, never) {
					t.Errorf("quiesce touches %s: %s", never, line)
				}
			}
		}
	})
}

// A mounted root is no running system, even where the host runs systemd.
func TestNoServiceIsStoppedForAMountedRoot(t *testing.T) {
	t.Parallel()
	text := strings.TrimSuffix(program(t), "main </dev/null\n") +
		"if runs_systemd || runs_openrc || session_manager_carries_us; then echo live; fi\n"
	var out bytes.Buffer
	if status, stderr := sealtest.Dash(t).Run(t.Context(), t, text, &out); status != 0 || out.String() != "" {
		t.Errorf("status %d, %q, %s", status, out.String(), stderr)
	}
}
