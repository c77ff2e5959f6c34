package ledger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

func image(id string) cloud.Resource {
	return cloud.Resource{Kind: cloud.KindImage, ID: id, Region: "eu-west-1"}
}

func open(t *testing.T, dir, name string) *Ledger {
	t.Helper()
	l, err := Open(dir, "run1", name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func ids(rs []cloud.Resource) string {
	names := make([]string, 0, len(rs))
	for _, r := range rs {
		names = append(names, r.ID)
	}
	return strings.Join(names, " ")
}

func TestLive(t *testing.T) {
	t.Parallel()
	l := open(t, filepath.Join(t.TempDir(), "a", "ledger"), "web")
	ctx := t.Context()
	must(t, l.Created(ctx, image("ami-3")), l.Created(ctx, image("ami-1")), l.Created(ctx, image("ami-2")),
		l.Deleted(ctx, image("ami-1")), l.Keep(ctx, "ami-2", "ami-foreign"))
	if got := ids(l.Live()); got != "ami-3" {
		t.Errorf("live: %s", got)
	}
}

func TestDeletedByNameMeansTheSameThing(t *testing.T) {
	t.Parallel()
	l := open(t, t.TempDir(), "web")
	key := cloud.Resource{Kind: cloud.KindKeyPair, ID: "key-1", Name: "k", Region: "eu-west-1"}
	other := key
	other.ID, other.Region = "key-2", "us-east-1"
	must(t, l.Created(t.Context(), key), l.Created(t.Context(), other))
	must(t, l.Deleted(t.Context(), cloud.Resource{Kind: cloud.KindKeyPair, Name: "k", Region: "eu-west-1"}))
	if got := ids(l.Live()); got != "key-2" {
		t.Errorf("live: %s", got)
	}
}

func TestUnsettled(t *testing.T) {
	t.Parallel()
	l := open(t, t.TempDir(), "web")
	ctx := t.Context()
	for _, id := range []string{"c1", "c2", "c3"} {
		must(t, l.Intend(ctx, cloud.Call{ID: id, Operation: "CopyImage"}))
	}
	must(t, l.Refused(ctx, cloud.Call{ID: "c2"}, errors.New("no")))
	if got := l.Unsettled(); len(got) != 2 || got[0].ID != "c1" {
		t.Errorf("unsettled %v", got)
	}
}

func TestPrivateFiles(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // no mode bits
	}
	dir := filepath.Join(t.TempDir(), "new", "ledger")
	l := open(t, dir, `../../web "x"`)
	for path, want := range map[string]os.FileMode{dir: 0o700, l.Path(): 0o600} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	if filepath.Dir(l.Path()) != dir {
		t.Errorf("%s is not in %s", l.Path(), dir)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // links need a privilege there
	}
	base := t.TempDir()
	private := filepath.Join(base, "real")
	must(t, os.Mkdir(private, 0o700), os.Symlink(private, filepath.Join(base, "link")))
	shared := filepath.Join(base, "shared")
	must(t, os.Mkdir(shared, 0o700), os.Chmod(shared, 0o777))
	must(t, os.WriteFile(filepath.Join(base, "file"), nil, 0o600))
	for _, name := range []string{"link", "shared", "file"} {
		if l, err := Open(filepath.Join(base, name), "run1", "web"); err == nil {
			t.Errorf("%s: opened %s", name, l.Path())
		}
	}
	target := filepath.Join(base, "target")
	must(t, os.Symlink(target, filepath.Join(private, "run1.web"+suffix)))
	if _, err := Open(private, "run1", "web"); err == nil {
		t.Error("a planted link was followed")
	}
	if _, err := os.Stat(target); err == nil {
		t.Error("the link's target was made")
	}
	for _, run := range []string{"", "../x", "a/b", "a b", strings.Repeat("x", 101)} {
		if _, err := Open(private, run, "web"); err == nil {
			t.Errorf("run id %q was taken", run)
		}
	}
}

func TestOneLedgerPerBuild(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir, "web")
	must(t, l.Created(t.Context(), image("ami-1")))
	if _, err := Open(dir, "run1", "web"); err == nil {
		t.Error("a ledger was opened twice")
	}
	must(t, l.Keep(t.Context(), "ami-1"))
}

func TestCloseKeepsWhatIsLive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	clean, live, unsettled := open(t, dir, "clean"), open(t, dir, "live"), open(t, dir, "unsettled")
	must(t, clean.Created(t.Context(), image("ami-1")), clean.Keep(t.Context(), "ami-1"), live.Created(t.Context(), image("ami-2")),
		unsettled.Intend(t.Context(), cloud.Call{ID: "c1"}))
	must(t, clean.Close(), live.Close(), unsettled.Close(), live.Close())
	for l, want := range map[*Ledger]bool{clean: false, live: true, unsettled: true} {
		if _, err := os.Stat(l.Path()); (err == nil) != want {
			t.Errorf("%s: %v", l.Path(), err)
		}
	}
	if err := live.Created(t.Context(), image("ami-3")); err == nil {
		t.Error("a closed ledger takes entries")
	}
}

func TestParallelBuildsAndWriters(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var all sync.WaitGroup
	for b := range 4 {
		l := open(t, dir, fmt.Sprintf("build-%d", b))
		for n := range 20 {
			all.Go(func() {
				if err := l.Created(t.Context(), image(fmt.Sprintf("ami-%d-%d", b, n))); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	past, err := abandoned(dir)
	if err != nil || len(past) != 0 {
		t.Errorf("%v, %v: the builds are still running", past, err)
	}
	files, err := os.ReadDir(dir)
	must(t, err)
	for _, f := range files {
		raw, err := os.ReadFile(filepath.Join(dir, f.Name()))
		must(t, err)
		b, err := replay(raw)
		if err != nil || len(b.live()) != 20 || b.torn != 0 {
			t.Errorf("%s: %d live, %d torn, %v", f.Name(), len(b.live()), b.torn, err)
		}
	}
}

func TestDefaultDir(t *testing.T) {
	t.Setenv(EnvDir, "/x/y")
	if DefaultDir() != "/x/y" {
		t.Error(DefaultDir())
	}
	t.Setenv(EnvDir, "")
	if got := DefaultDir(); !filepath.IsAbs(got) || filepath.Base(got) != "ledger" {
		t.Error(got)
	}
}

// A disk that fails stops further creates but never a deletion.
func TestWriteFailure(t *testing.T) {
	t.Parallel()
	l, err := Open(t.TempDir(), "run1", "web")
	must(t, err, l.Created(t.Context(), image("ami-1")), l.file.Close())
	if err := l.Created(t.Context(), image("ami-2")); err == nil {
		t.Error("a lost line is no error")
	}
	if err := l.Intend(t.Context(), cloud.Call{ID: "c"}); err == nil {
		t.Error("a create would go unseen")
	}
	if got := ids(l.Live()); got != "ami-1 ami-2" {
		t.Errorf("live: %s: this process still knows both", got)
	}
}
