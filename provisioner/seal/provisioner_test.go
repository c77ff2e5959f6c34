package seal

import (
	"context"
	"encoding/json"
	"errors"
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
)

// sealed runs the provisioner with config over RPC against root.
func sealed(t *testing.T, g *guest, root string, config map[string]any) (shown string, err error) {
	t.Helper()
	g.t = t
	if g.behave == nil && g.shell.Name == "" {
		g.shell = sealtest.Dash(t)
	}
	p := overRPC(t, &Provisioner{root: root})
	if err := p.Prepare(config); err != nil {
		t.Fatal(err)
	}
	ui := &screen{t: t}
	err = p.Provision(t.Context(), ui, g, map[string]any{"ConnType": "ssh", "SSHPublicKey": sealtest.BuildKey + "\n"})
	g.done.Wait()
	return ui.text(), err
}

func TestProvisionSeals(t *testing.T) {
	t.Parallel()
	root := sealtest.Plant(t)
	shown, err := sealed(t, &guest{}, root, map[string]any{
		"enable": sealtest.Enabled(), "scrub_paths": sealtest.Scrubbed(), "ssh_banner": sealtest.Banner, "strict": true,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range sealtest.Sealed(t, root) {
		t.Error(wrong)
	}
	for _, want := range append(sealing.Names(), "OPERATION", "not covered: ", "operations, then a check of each", "Sealed in ") {
		if !strings.Contains(shown, want) {
			t.Errorf("the output lacks %q:\n%s", want, shown)
		}
	}
	if strings.Contains(shown, sealtest.Marker) {
		t.Errorf("a secret is shown:\n%s", shown)
	}
}

func TestProvisionAudits(t *testing.T) {
	t.Parallel()
	root, report := sealtest.Plant(t), filepath.Join(t.TempDir(), "report.json")
	shown, err := sealed(t, &guest{}, root, map[string]any{"mode": "audit", "report": report})
	if err == nil || !strings.Contains(err.Error(), "authorized-keys: 13 left") || !strings.Contains(shown, "Auditing the guest") {
		t.Errorf("%v\n%s", err, shown)
	}
	if _, err := os.Lstat(filepath.Join(root, "etc/ssh/ssh_host_rsa_key")); err != nil {
		t.Errorf("the audit changed the guest: %v", err)
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var got sealing.Report
	if err := json.Unmarshal(text, &got); err != nil || got.Mode != sealing.ModeAudit || !got.Complete {
		t.Errorf("%v: %s", err, text)
	}
	for _, secret := range []string{sealtest.Marker, "PRIVATE KEY", "AAAAC3"} {
		if strings.Contains(shown+string(text), secret) {
			t.Errorf("a file's content is in the report: %s", secret)
		}
	}
}

func TestOptionsReachTheGuest(t *testing.T) {
	t.Parallel()
	root := sealtest.Plant(t)
	if err := os.RemoveAll(filepath.Join(root, "etc/cloud")); err != nil {
		t.Fatal(err)
	}
	shown, err := sealed(t, &guest{}, root, map[string]any{
		"skip": []string{"histories"}, "keep": []string{"/var/log/syslog"}, "allow_no_host_keys": true, "keep_users": []string{"build"},
	})
	if err != nil {
		t.Errorf("%v\n%s", err, shown)
	}
	for _, p := range []string{"root/.bash_history", "var/log/syslog", "home/build/.ssh/authorized_keys", "root/.cache/x", "opt/build/src/main.c"} {
		if info, err := os.Stat(filepath.Join(root, p)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", p, err)
		}
	}
}

func TestRefusalComesBeforeAnyDeletion(t *testing.T) {
	t.Parallel()
	root := sealtest.Plant(t)
	if err := os.RemoveAll(filepath.Join(root, "etc/cloud")); err != nil {
		t.Fatal(err)
	}
	_, err := sealed(t, &guest{}, root, nil)
	if err == nil || !strings.Contains(err.Error(), "nothing was changed") || !strings.Contains(err.Error(), "allow_no_launch_key") {
		t.Error(err)
	}
	if _, err := os.Lstat(filepath.Join(root, "root/.bash_history")); err != nil {
		t.Errorf("refused, and yet: %v", err)
	}
}

func TestGuestsThatMisbehave(t *testing.T) {
	t.Parallel()
	says := func(status int, stdout, stderr string) *guest {
		return &guest{behave: func(_ context.Context, _ string, out, diagnostics io.Writer) int {
			_, _ = io.WriteString(out, stdout)
			_, _ = io.WriteString(diagnostics, stderr)
			return status
		}}
	}
	cut := func(status int, keep func(line string) bool) *guest {
		g := &guest{}
		g.behave = func(ctx context.Context, program string, out, diagnostics io.Writer) int {
			var whole strings.Builder
			g.run(ctx, program, &whole, diagnostics)
			for line := range strings.Lines(whole.String()) {
				if keep(line) {
					_, _ = io.WriteString(out, line)
				}
			}
			return status
		}
		return g
	}
	cases := map[string]struct {
		guest *guest
		want  string // "" for success
	}{
		"no way to root":           {says(77, "", "goldenami-seal: neither root"), "NOPASSWD"},
		"no shell":                 {says(127, "", "noise\n\x1b[1mexec: /bin/sh: not found\n"), `exit status 127, the guest said "\x1b[1mexec: /bin/sh: not found"`},
		"output of a login script": {says(0, "Welcome!\n", ""), "did not run the seal"},
		"gone before the start":    {says(packersdk.CmdDisconnect, "", ""), "before the seal started"},
		"gone in the middle":       {cut(packersdk.CmdDisconnect, func(l string) bool { return !strings.Contains(l, " end ") }), "connection ended during the seal"},
		"gone after the end":       {cut(packersdk.CmdDisconnect, func(string) bool { return true }), ""},
		"a check is missing":       {cut(0, func(l string) bool { return !strings.Contains(l, " check t:logs") }), "logs: the guest did not report on it"},
		"killed":                   {cut(137, func(l string) bool { return !strings.Contains(l, " end ") }), "exit status 137"},
		"refuses the command":      {&guest{refuse: errors.New("no channel")}, "start the seal in the guest: no channel"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.guest.shell = sealtest.Dash(t)
			_, err := sealed(t, c.guest, sealtest.Plant(t), nil)
			if c.want == "" && err != nil {
				t.Error(err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// hangs never ends by itself; release lets it go.
func hangs() (g *guest, started, release chan struct{}) {
	started, release = make(chan struct{}), make(chan struct{})
	return &guest{behave: func(context.Context, string, io.Writer, io.Writer) int {
		close(started)
		<-release
		return 0
	}}, started, release
}

func TestCancelDoesNotWaitForTheGuest(t *testing.T) {
	t.Parallel()
	g, started, release := hangs()
	g.t = t
	p := overRPC(t, &Provisioner{root: sealtest.Plant(t)})
	if err := p.Prepare(nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-started
		cancel()
	}()
	err := p.Provision(ctx, &screen{t: t}, g, nil)
	if err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Error(err)
	}
	close(release)
	g.done.Wait()
}

func TestTimeoutNamesItself(t *testing.T) {
	t.Parallel()
	root := sealtest.Plant(t)
	synctest.Test(t, func(t *testing.T) { // its clock leaps to the timeout
		g, started, release := hangs()
		g.t = t
		p := &Provisioner{root: root}
		if err := p.Prepare(map[string]any{"timeout": "90s"}); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		err := p.Provision(t.Context(), &screen{t: t}, g, nil)
		if err == nil || !strings.Contains(err.Error(), "not done within the timeout of 1m30s") {
			t.Error(err)
		}
		if took := time.Since(begin); took != 90*time.Second {
			t.Errorf("it took %s", took)
		}
		<-started // the guest was at work
		close(release)
		g.done.Wait()
	})
}

func TestNothingStartsAfterACancel(t *testing.T) {
	t.Parallel()
	root := sealtest.Plant(t)
	synctest.Test(t, func(t *testing.T) {
		g, _, release := hangs()
		g.t = t
		p := &Provisioner{root: root}
		if err := p.Prepare(nil); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.Provision(ctx, &screen{t: t}, g, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		if g.starts() != 0 {
			t.Error("the seal was started in the guest")
		}
		close(release)
		g.done.Wait()
	})
}

// A provisioner without a root of its own means the running guest, which no
// test may seal.
func TestATestCannotSealThisMachine(t *testing.T) {
	t.Parallel()
	g := &guest{t: t}
	p := &Provisioner{}
	if err := p.Prepare(nil); err != nil {
		t.Fatal(err)
	}
	if err := p.Provision(t.Context(), &screen{t: t}, g, nil); err == nil || g.commands != 0 {
		t.Fatalf("%v after %d commands", err, g.commands)
	}
}
