package atomicfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/atomicfile"
)

func TestWriteReplacesFilesAndLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	other, path := filepath.Join(dir, "other"), filepath.Join(dir, "file")
	if err := os.WriteFile(other, []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, path); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o600, 0o644} {
		if err := atomicfile.Write(path, []byte(mode.String()), mode); err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(path)
		if err != nil || info.Mode() != mode {
			t.Errorf("mode %v, %v, not %v", info.Mode(), err, mode)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != mode.String() {
			t.Errorf("content %q, %v", got, err)
		}
	}
	if got, err := os.ReadFile(other); err != nil || string(got) != "other" {
		t.Errorf("the link was followed: %q, %v", got, err)
	}
	mustHold(t, dir, 2)
}

func TestNothingStaysOfAWriteThatFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Write(filepath.Join(dir, "folder"), nil, 0o600); err == nil {
		t.Error("a folder was replaced")
	}
	if err := atomicfile.Write(filepath.Join(dir, "gone", "file"), nil, 0o600); err == nil {
		t.Error("a file was written to a folder that is not there")
	}
	if err := atomicfile.Check(filepath.Join(dir, "gone", "file")); err == nil {
		t.Error("a folder that is not there passed the check")
	}
	if err := atomicfile.Check(filepath.Join(dir, "file")); err != nil {
		t.Error(err)
	}
	mustHold(t, dir, 1)
}

func mustHold(t *testing.T, dir string, want int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != want {
		t.Errorf("%s holds %v, %v", dir, entries, err)
	}
}
