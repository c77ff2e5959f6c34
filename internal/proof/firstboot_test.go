package proof

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mvdan.cc/sh/v3/syntax"
)

// guestHome is a machine: its markers, and the commands that it has.
type guestHome struct {
	t               *testing.T
	root, dir, bins string
}

func newGuestHome(t *testing.T) guestHome {
	t.Helper()
	g := guestHome{t: t, root: t.TempDir(), bins: t.TempDir()}
	g.dir = filepath.Join(g.root, "stages")
	if err := os.Mkdir(g.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	g.command("sleep", `printf '%s\n' "$(($(cat "$0.count" 2>/dev/null || echo 0) + 1))" >"$0.count.new"; mv "$0.count.new" "$0.count"
[ "$(cat "$0.count")" != 2 ] || [ ! -e "`+g.dir+`/.later" ] || mv "`+g.dir+`/.later" "`+g.dir+`/app"`)
	return g
}

func (g guestHome) write(path, text string, mode os.FileMode) {
	g.t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		g.t.Fatal(err)
	}
}

func (g guestHome) marker(name, hash string) { g.write(filepath.Join(g.dir, name), hash+"\n", 0o600) }

func (g guestHome) command(name, body string) {
	g.write(filepath.Join(g.bins, name), "#!/bin/sh\n"+body+"\n", 0o700)
}

// run waits for two stages with a limit of that many looks.
func (g guestHome) run(looks int) (string, error) {
	g.t.Helper()
	program := FirstBoot{
		Markers: []Marker{{"patch", "11"}, {"app", "22"}}, Dir: g.dir, Limit: time.Duration(looks) * time.Second,
	}.Program()
	if _, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(string(program)), "program"); err != nil {
		g.t.Fatalf("%v\n%s", err, program)
	}
	cmd := exec.Command("sh")
	cmd.Stdin = strings.NewReader(string(program))
	cmd.Env = []string{"PATH=" + g.bins + ":/usr/bin:/bin"}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestFirstBootIsOverWhenEveryStageHasItsMarker(t *testing.T) {
	t.Parallel()
	g := newGuestHome(t)
	g.marker("patch", "11")
	g.marker(".later", "22") // the second sleep puts it in its place
	if out, err := g.run(10); err != nil || out != "" {
		t.Errorf("%v: %s", err, out)
	}
	if _, err := os.Stat(filepath.Join(g.dir, "app")); err != nil {
		t.Error("it did not wait")
	}
}

func TestAStageThatDoesNotRunIsNamed(t *testing.T) {
	t.Parallel()
	g := newGuestHome(t)
	g.marker("patch", "11")
	g.marker("app", "of another release")
	out, err := g.run(3)
	if err == nil || !strings.Contains(out, "have still not run: app\n") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestUserDataThatFailedIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	g := newGuestHome(t)
	g.write(filepath.Join(g.root, "status.json"), `{"schema":1,"state":"failed","exit_code":3}`, 0o600)
	out, err := g.run(1000)
	if err == nil || !strings.Contains(out, "a stage failed, and these stages have not run as they should: patch app\n") {
		t.Errorf("%v: %s", err, out)
	}
	if _, err := os.Stat(filepath.Join(g.bins, "sleep.count")); err == nil {
		t.Error("it waited")
	}
}

func TestFirstBootAsksCloudInit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code   string
		marked bool
		ok     bool
		says   string
	}{
		"done":                        {"0", true, true, ""},
		"done with warnings":          {"2", true, true, "status: of the boot"},
		"failed":                      {"1", true, false, "cloud-init failed (exit code 1):\nstatus: of the boot"},
		"done, and a stage has not":   {"0", false, false, "cloud-init has ended, and these stages have not run as they should: patch app"},
		"warnings, and a stage fails": {"2", false, false, "not run as they should: patch app"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGuestHome(t)
			g.command("cloud-init", `[ "$2" = --wait ] && exit `+c.code+`; echo "status: of the boot"`)
			if c.marked {
				g.marker("patch", "11")
				g.marker("app", "22")
			}
			out, err := g.run(1000)
			if (err == nil) != c.ok || !strings.Contains(out, c.says) {
				t.Errorf("%v: %s", err, out)
			}
			if _, err := os.Stat(filepath.Join(g.bins, "sleep.count")); err == nil {
				t.Error("it waited although cloud-init had ended")
			}
		})
	}
}
