package seal_test

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// snapshot gives everything of a tree that a change would change: what stands
// where, its inode, owner, mode, times of content and of status, and content.
func snapshot(t *testing.T, root string) map[string]string {
	t.Helper()
	tree := map[string]string{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		s, _ := info.Sys().(*syscall.Stat_t)
		content := ""
		switch {
		case info.Mode().IsRegular():
			text, err := os.ReadFile(p) //nolint:gosec // below the planted root
			if err != nil {
				return err
			}
			content = fmt.Sprintf("%x", sha256.Sum256(text))
		case info.Mode()&fs.ModeSymlink != 0:
			if content, err = os.Readlink(p); err != nil {
				return err
			}
		}
		tree[p] = fmt.Sprintf("%s %d %d:%d %d %v %v %s", info.Mode(), s.Ino, s.Uid, s.Gid, s.Nlink, s.Mtim, s.Ctim, content)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// sameTree: nothing of a tree was changed, and nothing is new.
func sameTree(t *testing.T, before, after map[string]string) {
	t.Helper()
	for p, was := range before {
		if after[p] != was {
			t.Errorf("%s was %s and is %s", p, was, after[p])
		}
	}
	for p := range after {
		if _, was := before[p]; !was {
			t.Errorf("%s is new", p)
		}
	}
}
