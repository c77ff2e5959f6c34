package layer

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// filesGolden is the fingerprint of the tree below, in images of the field.
const filesGolden = "ce8100ad8af1887192af2aa8d029595b3f756ce0e92fef2562fe123134ac0443"

// TestFilesGoldenVectors hashes files on the disk: what must count gives another
// fingerprint, what must not gives the same.
func TestFilesGoldenVectors(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // it has no exec bit, and links need a privilege there
	}
	for name, c := range map[string]struct {
		change   func(root string) error
		patterns []string
		want     string
	}{
		"as it is": {func(string) error { return nil }, []string{"**"}, filesGolden},
		"other times": {func(root string) error {
			return os.Chtimes(filepath.Join(root, "a.sh"), time.Unix(1, 0), time.Unix(1, 0))
		}, []string{"**"}, filesGolden},
		"another order": {func(string) error { return nil }, []string{"sub/*", "link", "a.sh"}, filesGolden},
		"another mode":  {func(root string) error { return os.Chmod(filepath.Join(root, "sub", "b.txt"), 0o644) }, []string{"**"}, filesGolden},
		"CRLF": {func(root string) error {
			return os.WriteFile(filepath.Join(root, "sub", "b.txt"), []byte("one\r\ntwo\r\n"), 0o600)
		}, []string{"**"}, "1d8758012152853dbb47b0adbc4d28eb2f2756d7d8c95c731f460a8ee53a5b08"},
		"the exec bit":    {func(root string) error { return os.Chmod(filepath.Join(root, "a.sh"), 0o600) }, []string{"**"}, "adefdb484c7ff8152904bcf1738a3fc64fdb65f0b40379001bd54e51ee078c57"},
		"the link's name": {func(root string) error { return os.Rename(filepath.Join(root, "link"), filepath.Join(root, "other")) }, []string{"**"}, "5a90da29d63dd54e0f1bde64d0287c952a71be5f4e1af11a790c20931dd2af40"},
		"a copy for the link": {func(root string) error {
			if err := os.Remove(filepath.Join(root, "link")); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(root, "link"), []byte("one\ntwo\n"), 0o600)
		}, []string{"**"}, filesGolden},
	} {
		root := t.TempDir()
		for path, content := range map[string]string{"a.sh": "#!/bin/sh\ntrue\n", "sub/b.txt": "one\ntwo\n"} {
			path = filepath.Join(root, path)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(filepath.Join(root, "a.sh"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("sub/b.txt", filepath.Join(root, "link")); err != nil {
			t.Fatal(err)
		}
		if err := c.change(root); err != nil {
			t.Fatal(err)
		}
		files, err := Files(root, c.patterns, nil)
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(files) // the order of the list does not count either
		got := sum(t, Inputs{Tier: ami.Full, Architecture: "x86_64", Files: files}).Fingerprint("ami-1")
		if got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
