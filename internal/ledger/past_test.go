package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// helperEnv has the test binary act as a build that is killed.
const helperEnv = "LEDGER_TEST_CRASH_IN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperEnv); dir != "" {
		crash(dir)
	}
	goleak.VerifyTestMain(m)
}

func crash(dir string) {
	l, err := Open(dir, "run1", "crashed")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	ctx := context.Background()
	err = errors.Join(
		l.Created(ctx, image("ami-1")), l.Created(ctx, image("ami-2")), l.Keep(ctx, "ami-1"),
		l.Intend(ctx, cloud.Call{ID: "c9", Operation: "CopyImage", Name: "half"}),
	)
	fmt.Println("written", err)
	os.Stdin.Read(make([]byte, 1)) //nolint:errcheck // waits to be killed
}

func TestKilledProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"="+dir)
	in, err := cmd.StdinPipe()
	must(t, err)
	defer in.Close() //nolint:errcheck // the process is dead
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	said := make([]byte, 100)
	n, err := out.Read(said)
	must(t, err)
	if string(said[:n]) != "written <nil>\n" {
		t.Fatalf("%s", said[:n])
	}
	if past, err := List(dir); err != nil || len(past) != 0 {
		t.Errorf("%v, %v: the process is running", past, err)
	}
	must(t, cmd.Process.Kill())
	_ = cmd.Wait() // says that it was killed
	past, err := List(dir)
	must(t, err)
	if len(past) != 1 || past[0].Run != "run1" || past[0].Name != "crashed" || ids(past[0].Live) != "ami-2" ||
		len(past[0].Unsettled) != 1 || past[0].Started.IsZero() {
		t.Fatalf("%+v", past)
	}
	l, err := Resume(past[0].Path)
	must(t, err)
	if _, err := Resume(past[0].Path); !errors.Is(err, ErrRunning) {
		t.Errorf("resumed twice: %v", err)
	}
	must(t, l.Deleted(t.Context(), image("ami-2")), l.Refused(t.Context(), cloud.Call{ID: "c9"}, nil), l.Close())
	if past, err := List(dir); err != nil || len(past) != 0 {
		t.Errorf("%v, %v", past, err)
	}
}

func TestTornLines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir, "web")
	must(t, l.Created(t.Context(), image("ami-1")), l.Created(t.Context(), image("ami-2")), l.Close())
	whole, err := os.ReadFile(l.Path())
	must(t, err)
	first := bytes.Index(whole, []byte("ami-2"))
	for cut := range whole {
		must(t, os.WriteFile(l.Path(), whole[:cut], 0o600))
		again, err := Resume(l.Path())
		must(t, err)
		if cut > first+40 && !strings.HasPrefix(ids(again.Live()), "ami-1") {
			t.Fatalf("cut at %d: live %s", cut, ids(again.Live()))
		}
		must(t, again.Created(t.Context(), image("ami-9")), again.leave())
		last, err := Resume(l.Path())
		must(t, err)
		if got := ids(last.Live()); !strings.HasSuffix(got, "ami-9") {
			t.Fatalf("cut at %d: what was written after the torn line is lost: %s", cut, got)
		}
		must(t, last.leave())
	}
}

func TestResumeRefusesLinks(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // links need a privilege there, and there are no mode bits
	}
	dir := t.TempDir()
	l := open(t, dir, "web")
	must(t, l.Created(t.Context(), image("ami-1")), l.Close())
	link := filepath.Join(dir, "planted"+suffix)
	must(t, os.Symlink(l.Path(), link))
	if _, err := Resume(link); err == nil {
		t.Error("a planted link was followed")
	}
	must(t, os.Chmod(l.Path(), 0o666))
	if _, err := Resume(l.Path()); err == nil {
		t.Error("a ledger that others can write was believed")
	}
}

func TestListReportsWhatIsNoLedger(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir, "web")
	must(t, l.Created(t.Context(), image("ami-1")), l.Close())
	must(t, os.WriteFile(filepath.Join(dir, "x"+suffix), []byte(`{"event":"open","schema":99}`+"\n"), 0o600),
		os.WriteFile(filepath.Join(dir, "y"+suffix), []byte(`{"a":1}`+"\n"), 0o600),
		os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("mine"), 0o600))
	past, err := List(dir)
	if len(past) != 1 || err == nil || !strings.Contains(err.Error(), "x"+suffix) || !strings.Contains(err.Error(), "y"+suffix) ||
		strings.Contains(err.Error(), "notes") {
		t.Errorf("%v, %v", past, err)
	}
	if past, err := List(filepath.Join(dir, "none")); err != nil || past != nil {
		t.Errorf("%v, %v", past, err)
	}
}
