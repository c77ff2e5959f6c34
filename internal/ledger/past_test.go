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
	"time"

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
	if past, err := abandoned(dir); err != nil || len(past) != 0 {
		t.Errorf("%v, %v: the process is running", past, err)
	}
	must(t, cmd.Process.Kill())
	_ = cmd.Wait() // says that it was killed
	past := eventuallyAbandoned(t, dir)
	l := past[0]
	if l.book.run != "run1" || l.book.name != "crashed" || ids(l.Live()) != "ami-2" || len(l.Unsettled()) != 1 ||
		l.book.started.IsZero() || !l.book.host.here() {
		t.Fatalf("%+v", l.book)
	}
	if _, err := resume(l.Path()); !errors.Is(err, errRunning) {
		t.Errorf("resumed twice: %v", err)
	}
	must(t, l.Deleted(t.Context(), image("ami-2")), l.Refused(t.Context(), cloud.Call{ID: "c9"}, nil), l.Close())
	if past, err := abandoned(dir); err != nil || len(past) != 0 {
		t.Errorf("%v, %v", past, err)
	}
}

// eventuallyAbandoned gives the one ledger of an ended process. A child that another
// test just starts may share its lock for a moment.
func eventuallyAbandoned(t *testing.T, dir string) []*Ledger {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		past, err := abandoned(dir)
		must(t, err)
		if len(past) == 1 {
			return past
		}
		if len(past) > 1 || time.Now().After(end) {
			t.Fatalf("%d ledgers of ended processes, not 1", len(past))
		}
	}
}

// resumed takes a ledger over that nobody uses.
func resumed(path string) (l *Ledger, err error) {
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		if l, err = resume(path); !errors.Is(err, errRunning) || time.Now().After(end) {
			return l, err
		}
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
		again, err := resumed(l.Path())
		must(t, err)
		if cut > first+40 && !strings.HasPrefix(ids(again.Live()), "ami-1") {
			t.Fatalf("cut at %d: live %s", cut, ids(again.Live()))
		}
		must(t, again.Created(t.Context(), image("ami-9")), again.leave())
		last, err := resumed(l.Path())
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
	if _, err := resume(link); err == nil {
		t.Error("a planted link was followed")
	}
	must(t, os.Chmod(l.Path(), 0o666))
	if _, err := resume(l.Path()); err == nil {
		t.Error("a ledger that others can write was believed")
	}
}

func TestWhatIsNoLedgerIsReported(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir, "web")
	must(t, l.Created(t.Context(), image("ami-1")), l.Close(), os.WriteFile(filepath.Join(dir, "x"+suffix), []byte(`{"event":"open","schema":99}`+"\n"), 0o600), os.WriteFile(filepath.Join(dir, "y"+suffix), []byte(`{"a":1}`+"\n"), 0o600),
		os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("mine"), 0o600))
	var past []*Ledger
	var err error
	for end := time.Now().Add(20 * time.Second); len(past) == 0 && time.Now().Before(end); {
		past, err = abandoned(dir)
	}
	if len(past) != 1 || err == nil || !strings.Contains(err.Error(), "x"+suffix) || !strings.Contains(err.Error(), "y"+suffix) ||
		strings.Contains(err.Error(), "notes") {
		t.Errorf("%v, %v", past, err)
	}
	must(t, past[0].leave())
	if past, err := abandoned(filepath.Join(dir, "none")); err != nil || past != nil {
		t.Errorf("%v, %v", past, err)
	}
}
