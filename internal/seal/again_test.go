package seal_test

import (
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// A daemon that writes between removal and check must not fail every tenth build:
// the shutdown removes it. What was not emptied at all is left.
func TestLogsThatAreWrittenAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ more, left, note string }{
		"a line more": {more: "", note: "1 logs were written to"},
		"not emptied": {more: "blank() { true; }\n", left: "logs: 6 left", note: "1 logs were written to"},
		"much more":   {more: "machine_id_seal() { head -c 1100000 /dev/zero >>\"$GA_ROOT/var/log/syslog\"; }\n", left: "/var/log/syslog", note: "1 logs"},
		"no hook":     {more: "hook_stands() { false; }\n", left: "/var/log/syslog"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := alone(options(t, sealtest.Plant(t), seal.ModeSeal), "logs")
			o.Skip = o.Skip[:0:0]
			for _, op := range seal.Names() {
				if op != "logs" && op != "machine-id" {
					o.Skip = append(o.Skip, op)
				}
			}
			report, _ := runChanged(t, o, "logs_mark='"+t.TempDir()+"/mark'\nhook_stands() { true; }\ndisarm_hook() { true; }\n"+
				"machine_id_seal() { echo again >>\"$GA_ROOT/var/log/syslog\"; }\nmachine_id_check() { true; }\n"+c.more)
			err := errText(report.Err())
			if (err == "") != (c.left == "") || !strings.Contains(err, c.left) {
				t.Errorf("left %q: %s", c.left, err)
			}
			if notes := strings.Join(report.Notes, "\n"); !strings.Contains(notes, c.note) || (c.note == "") != (notes == "") {
				t.Errorf("notes: %q", notes)
			}
		})
	}
}

// A name that is written wrong does nothing, and somebody must be told.
func TestNamesOfNothingAreTold(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		o := options(t, sealtest.Plant(t), seal.ModeSeal)
		o.ScrubPaths = append(o.ScrubPaths, "/opt/bulid")
		o.Keep = []string{"/etc/mtod"}
		o.KeepUsers = []string{"biuld", "build"}
		report, status := run(t, sh, o)
		if status != seal.ExitSealed {
			t.Fatal(report.Err())
		}
		notes, warnings := strings.Join(report.Notes, "\n"), strings.Join(report.Warnings, "\n")
		if !strings.Contains(notes, "nothing is at /opt/bulid, which scrub_paths names") || !strings.Contains(notes, "nothing is at /etc/mtod, which keep names") || len(report.Notes) != 2 {
			t.Errorf("notes: %q", report.Notes)
		}
		if !strings.Contains(warnings, "keep_users names biuld") || len(report.Warnings) != 1 {
			t.Errorf("warnings: %q", report.Warnings)
		}
	})
}
