package seal

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	sealing "github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/windows"
)

const winrmListener = "listener *+HTTPS, certificate 0123456789ABCDEF"

// planted is a guest with something for every operation.
func planted(t *testing.T) *windowsGuest {
	t.Helper()
	g := &windowsGuest{t: t, things: map[string][]string{}, later: map[string][]string{"winrm": {winrmListener}, "generalize": {"ImageState IMAGE_STATE_COMPLETE"}}}
	for _, name := range windows.Names() {
		if name == "secret-scan" || name == "forbidden-strings" {
			continue // they remove nothing
		}
		g.things[name] = []string{`C:\of ` + name + `\1`, `C:\of ` + name + `\2`}
	}
	return g
}

// sealedWindows runs the provisioner over RPC.
func sealedWindows(t *testing.T, g *windowsGuest, config map[string]any) (shown string, err error) {
	t.Helper()
	p := overRPC(t, &Provisioner{})
	data := map[string]any{"ConnType": "winrm", "SSHPublicKey": sealtest.BuildKey}
	if g.overSSH {
		data["ConnType"] = "ssh"
	}
	if err := p.Prepare(config); err != nil {
		t.Fatal(err)
	}
	ui := &screen{t: t}
	err = p.Provision(t.Context(), ui, g, data)
	g.done.Wait()
	if len(g.files) > 0 && g.behave == nil {
		t.Error("the program is still in the guest")
	}
	return ui.text(), err
}

func TestWindowsIsSealedOnBothWays(t *testing.T) {
	t.Parallel()
	for way, config := range map[string]map[string]any{"winrm": {}, "ssh": {"guest_os_type": "windows"}} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			g := planted(t)
			g.overSSH = way == "ssh"
			config["report"] = filepath.Join(t.TempDir(), "report.json")
			config["enable"], config["scrub_paths"] = []string{"home-caches", "update-cache"}, []string{"C:/build"}
			shown, err := sealedWindows(t, g, config)
			if err != nil {
				t.Fatalf("%v\n%s", err, shown)
			}
			for name, things := range g.things {
				if len(things) > 0 {
					t.Errorf("%s left %q", name, things)
				}
			}
			for _, want := range append(windows.Names(), "Sealing the guest: 33 operations", "left for sysprep: winrm: ", winrmListener, "left for sysprep: generalize: ", "Sealed in ", "not covered: ") {
				if !strings.Contains(shown, want) {
					t.Errorf("the output lacks %q:\n%s", want, shown)
				}
			}
			report := readReport(t, config["report"])
			if len(report.LeftForSysprep) != 2 || report.LeftForSysprep[0].Name != "winrm" || report.LeftForSysprep[0].Items[0] != winrmListener || report.LeftForSysprep[0].Reason == "" {
				t.Errorf("left for sysprep: %+v", report.LeftForSysprep)
			}
			if g.commands != 1 {
				t.Errorf("%d commands", g.commands)
			}
		})
	}
}

func readReport(t *testing.T, path any) sealing.Report {
	t.Helper()
	var report sealing.Report
	text, err := os.ReadFile(fmt.Sprint(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	return report
}

func TestAFailedOperationOfWindowsFailsTheBuildAfterTheOthers(t *testing.T) {
	t.Parallel()
	g := planted(t)
	g.stuck = map[string]string{"temp-files": `C:\Windows\Temp\x: Access to the path is denied.`}
	shown, err := sealedWindows(t, g, nil)
	if err == nil || !strings.Contains(err.Error(), `temp-files failed: C:\Windows\Temp\x: Access`) || !strings.Contains(err.Error(), "temp-files: 2 left") {
		t.Errorf("%v", err)
	}
	if len(g.things["event-logs"]) > 0 || len(g.things["temp-files"]) != 2 {
		t.Errorf("the others did not run:\n%s", shown)
	}
}

func TestOptionsReachWindows(t *testing.T) {
	t.Parallel()
	g := planted(t)
	kept := g.things["logs"][0]
	shown, err := sealedWindows(t, g, map[string]any{"skip": []string{"histories"}, "keep": []string{kept}, "enable": []string{"home-caches"}})
	if err != nil {
		t.Fatalf("%v\n%s", err, shown)
	}
	for name, want := range map[string]int{"histories": 2, "logs": 1, "home-caches": 0, "update-cache": 2, "temp-files": 0} {
		if got := len(g.things[name]); got != want {
			t.Errorf("%s has %d things, want %d", name, got, want)
		}
	}
}

func TestWindowsIsAudited(t *testing.T) {
	t.Parallel()
	g, report := planted(t), filepath.Join(t.TempDir(), "report.json")
	shown, err := sealedWindows(t, g, map[string]any{"mode": "audit", "report": report})
	if err == nil || !strings.Contains(err.Error(), "credentials: 2 left") || !strings.Contains(shown, "Auditing the guest") {
		t.Errorf("%v\n%s", err, shown)
	}
	if len(g.things["credentials"]) != 2 {
		t.Error("the audit removed something")
	}
	if got := readReport(t, report); got.Mode != sealing.ModeAudit || !got.Complete || got.Operations[0].Result != sealing.ResultNotRun {
		t.Errorf("%+v", got)
	}
}

func TestWarningsOfWindowsFailWhereStrict(t *testing.T) {
	t.Parallel()
	for strict, want := range map[bool]string{false: "", true: "a warning, and strict is set: the local account x"} {
		g := planted(t)
		g.warnings = []string{"the local account x can log in"}
		shown, err := sealedWindows(t, g, map[string]any{"strict": strict})
		if !strings.Contains(shown, "warning: the local account x") || (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("strict %t: %v\n%s", strict, err, shown)
		}
	}
}

func TestWindowsGuestsThatMisbehave(t *testing.T) {
	t.Parallel()
	before := func(prefix string) func(string) bool {
		return func(line string) bool { return strings.HasPrefix(line, prefix) }
	}
	says := func(status int, text string) func(io.Writer, io.Writer) int {
		return func(_, stderr io.Writer) int { _, _ = io.WriteString(stderr, text); return status }
	}
	cases := map[string]struct {
		change func(*windowsGuest)
		want   string
		ssh    string // what differs over SSH
	}{
		"not elevated":          {func(g *windowsGuest) { g.limited = true }, "refused, nothing was changed (elevated): the build's user has no administrator's rights", ""},
		"gone before the start": {func(g *windowsGuest) { g.lose = before("start") }, "start the seal in the guest: unknown error Post", "ended before the seal started"},
		"gone in the middle":    {func(g *windowsGuest) { g.lose = before("check t:logs") }, "the connection ended during the seal", ""},
		"gone before the end":   {func(g *windowsGuest) { g.lose = before("end") }, "the report ended early", ""},
		"a check is missing":    {func(g *windowsGuest) { g.lose = before("check t:event-logs") }, "event-logs: the guest did not report on it", ""},
		"changed on its way":    {func(g *windowsGuest) { g.change = func(p string) string { return p + "\n" } }, "did not get the seal's program as it was sent", ""},
		"lost on its way":       {func(g *windowsGuest) { g.change = func(string) string { return "" } }, "nothing was changed", ""},
		"no PowerShell":         {func(g *windowsGuest) { g.behave = says(9009, "'powershell.exe' is not recognized\r\n") }, `exit status 9009, the guest said "'powershell.exe' is not recognized"`, ""},
		"constrained":           {func(g *windowsGuest) { g.behave = says(1, "Cannot invoke method.\r\n") }, "full language mode", ""},
	}
	for name, c := range cases {
		for _, ssh := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, ssh %t", name, ssh), func(t *testing.T) {
				t.Parallel()
				g, want := planted(t), c.want
				g.overSSH = ssh
				c.change(g)
				if ssh && c.ssh != "" {
					want = c.ssh
				}
				_, err := sealedWindows(t, g, map[string]any{"guest_os_type": "windows"})
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
				if g.limited && len(g.things["logs"]) != 2 {
					t.Error("refused, and yet something went")
				}
			})
		}
	}
}

// TestAConnectionThatEndsAfterTheReportIsNoFailure: WinRM tells of it as an error.
func TestAConnectionThatEndsAfterTheReportIsNoFailure(t *testing.T) {
	t.Parallel()
	for _, ssh := range []bool{false, true} {
		g := planted(t)
		g.overSSH = ssh
		p := &Provisioner{}
		if err := p.Prepare(map[string]any{"guest_os_type": "windows"}); err != nil {
			t.Fatal(err)
		}
		err := p.Provision(t.Context(), &screen{t: t}, disconnecting{g}, map[string]any{"ConnType": map[bool]string{false: "winrm", true: "ssh"}[ssh]})
		g.done.Wait()
		if err != nil {
			t.Errorf("ssh %t: %v", ssh, err)
		}
	}
}

// disconnecting ends the connection after the last line.
type disconnecting struct{ *windowsGuest }

func (d disconnecting) Start(ctx context.Context, cmd *packersdk.RemoteCmd) error {
	inner := &packersdk.RemoteCmd{Command: cmd.Command, Stdin: cmd.Stdin, Stdout: cmd.Stdout, Stderr: cmd.Stderr}
	if err := d.windowsGuest.Start(ctx, inner); err != nil {
		return err
	}
	inner.Wait()
	cmd.SetExited(packersdk.CmdDisconnect)
	if d.overSSH {
		return nil
	}
	return errLost
}

func TestWindowsTimeoutNamesItself(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"upload", "run"} {
		for given, want := range map[string]time.Duration{"": time.Hour, "90s": 90 * time.Second} {
			synctest.Test(t, func(t *testing.T) { // its clock leaps to the timeout
				g := planted(t)
				g.hang, g.hangAt = make(chan struct{}), at
				p, config := &Provisioner{}, map[string]any{}
				if given != "" {
					config["timeout"] = given
				}
				if err := p.Prepare(config); err != nil {
					t.Fatal(err)
				}
				begin := time.Now()
				err := p.Provision(t.Context(), &screen{t: t}, g, map[string]any{"ConnType": "winrm"})
				if err == nil || !strings.Contains(err.Error(), "not done within the timeout of "+want.String()) || time.Since(begin) != want {
					t.Errorf("%s: %v after %s", at, err, time.Since(begin))
				}
				close(g.hang)
				synctest.Wait()
			})
		}
	}
}
