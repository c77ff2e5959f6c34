package stage

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

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
			slow := inline("slow", ami.Hybrid, "sleep 1.1", `cp "$STATUS" "$STATUS.meanwhile"`)
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
		if of.Name == "slow" && of.Result == ResultRan && (of.Seconds < 1 || s.Remainder() < 1e9) {
			t.Errorf("a stage of a second took %d s, all %s", of.Seconds, s.Remainder())
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
