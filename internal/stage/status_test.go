package stage

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

func TestFirstBootTellsHowFarItCame(t *testing.T) {
	t.Parallel()
	for name, sh := range shells(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			r := Renderer{MarkerDir: filepath.Join(root, "markers")}
			file := filepath.Join(root, "status.json")
			baked := inline("baked", ami.OSOnly, "true")
			slow := inline("slow", ami.Hybrid, "sleep 0.3", `cp "$STATUS" "$STATUS.meanwhile"`)
			slow.Environment = map[string]string{"STATUS": file}
			broken := inline("broken", ami.Full, `[ -e "$ROOT/fixed" ] || exit 9`)
			broken.Environment = map[string]string{"ROOT": root}
			all := loaded(t, baked, slow, broken, inline("never", Boot, "true"))
			if code, out := run(t, sh, r.Render(all[0])); code != 0 || read(t, file) != "" {
				t.Fatalf("baking: exit code %d, status %q\n%s", code, read(t, file), out)
			}
			if code, out := run(t, sh, r.boot(all)); code != 9 {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			checkStatus(t, file+".meanwhile", StateRunning, 0, "baked:kept:0")
			checkStatus(t, file, StateFailed, 9, "baked:kept:0", "slow:ran:0", "broken:failed:9")
			if err := os.WriteFile(filepath.Join(root, "fixed"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if code, out := run(t, sh, r.boot(all)); code != 0 {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			checkStatus(t, file, StateDone, 0, "baked:kept:0", "slow:kept:0", "broken:ran:0", "never:ran:0")
		})
	}
}

// checkStatus reads a status file and compares what it tells of the stages.
func checkStatus(t *testing.T, file string, state State, code int, want ...string) {
	t.Helper()
	s, err := ParseStatus([]byte(read(t, file)))
	if err != nil {
		t.Fatalf("%v in %s", err, read(t, file))
	}
	if s.State != state || s.ExitCode != code || s.Started == 0 {
		t.Errorf("%+v, want state %s and exit code %d", s, state, code)
	}
	var got []string
	for _, of := range s.Stages {
		got = append(got, of.Name+":"+string(of.Result)+":"+string(rune('0'+of.ExitCode)))
		if len(of.Hash) != 64 {
			t.Errorf("%+v", of)
		}
		if of.Name == "slow" && of.Result == ResultRan && (of.Seconds < 0.29 || of.Seconds > s.Seconds || s.Remainder() < 290*time.Millisecond) {
			t.Errorf("a stage of 0.3 s took %.2f s, all %s of %.2f s", of.Seconds, s.Remainder(), s.Seconds)
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("stages %q, want %q", got, want)
	}
}

func TestParseStatusRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{", `{"schema":2}`, "[]"} {
		if s, err := ParseStatus([]byte(text)); err == nil {
			t.Errorf("%q gave %+v", text, s)
		}
	}
}

// TestFirstBootTellsTheTimeWithoutUptime: some containers show none, or another form.
func TestFirstBootTellsTheTimeWithoutUptime(t *testing.T) {
	t.Parallel()
	for name, sh := range shells(t) {
		for _, uptime := range []string{"", "12\n", "1.5 3.0\n", ".25 0\n", "08.09.10 0\n", "x.10 0\n", "0.08 0.00\n", "109.08 7"} {
			root := t.TempDir()
			file := filepath.Join(root, "uptime")
			if uptime != "" {
				if err := os.WriteFile(file, []byte(uptime), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			program := Renderer{MarkerDir: filepath.Join(root, "markers")}.boot(loaded(t, inline("s", Boot, "true")))
			if !strings.Contains(string(program), "/proc/uptime") {
				t.Fatal("the program no longer reads /proc/uptime")
			}
			code, out := run(t, sh, []byte(strings.ReplaceAll(string(program), "/proc/uptime", file)))
			if code != 0 || strings.Contains(strings.ReplaceAll(out, "goldenami: stage s: done\n", ""), ":") {
				t.Errorf("%s, uptime %q: exit code %d\n%s", name, uptime, code, out)
			}
			s, err := ParseStatus([]byte(read(t, filepath.Join(root, "status.json"))))
			if err != nil || s.State != StateDone || len(s.Stages) != 1 || s.Stages[0].Seconds != float64(int(s.Stages[0].Seconds)) {
				t.Errorf("%s, uptime %q: %+v, %v", name, uptime, s, err)
			}
		}
	}
}
