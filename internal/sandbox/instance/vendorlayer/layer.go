//go:build linux

package vendorlayer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// layer writes overlay entries below dst; all names are relative to both roots.
type layer struct {
	base, dst string
}

// opaqueMark makes a directory hide what the layers below have in it (overlayfs.rst).
const opaqueMark = "trusted.overlay.opaque"

// builtAt is the time of what the layer adds by itself; a constant, so that builds are equal.
var builtAt = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

func (l *layer) in(name string) string { return filepath.Join(l.dst, name) }

// mirror makes the directory and its parents with the attributes that the base's have, so that adding an
// entry to a directory does not change the directory.
func (l *layer) mirror(name string) error {
	if name == "." || l.exists(name) {
		return nil
	}
	if err := l.mirror(filepath.Dir(name)); err != nil {
		return err
	}
	if err := os.Mkdir(l.in(name), 0o755); err != nil { //nolint:gosec // the mode of a system directory, the base's follows
		return err
	}
	return l.copyDirAttrs(name)
}

func (l *layer) copyDirAttrs(name string) error {
	st, err := os.Lstat(filepath.Join(l.base, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !st.IsDir() {
		return fmt.Errorf("/%s is no directory in the base", name)
	}
	return setAttrs(l.in(name), st)
}

func setAttrs(file string, st fs.FileInfo) error {
	s, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("%s: no owner known", file)
	}
	if err := os.Lchown(file, int(s.Uid), int(s.Gid)); err != nil {
		return err
	}
	return unix.Chmod(file, s.Mode&0o7777)
}

func (l *layer) exists(name string) bool {
	_, err := os.Lstat(l.in(name))
	return err == nil
}

// covered tells whether the layer itself already decides what is at this name.
func (l *layer) covered(name string) bool {
	for ; name != "."; name = filepath.Dir(name) {
		st, err := os.Lstat(l.in(name))
		if err != nil {
			continue
		}
		if !st.IsDir() {
			return true
		}
		var b [8]byte
		if _, err = unix.Lgetxattr(l.in(name), opaqueMark, b[:]); err == nil {
			return true
		}
	}
	return false
}

func (l *layer) whiteout(name string) error {
	if err := l.mirror(filepath.Dir(name)); err != nil {
		return err
	}
	if err := unix.Mknod(l.in(name), unix.S_IFCHR, 0); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("whiteout of /%s: %w", name, err)
	}
	return nil
}

// opaque makes an empty directory of root with its own mode.
func (l *layer) opaque(name string, mode uint32) error {
	if err := l.mirror(filepath.Dir(name)); err != nil {
		return err
	}
	if err := os.Mkdir(l.in(name), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := os.Chown(l.in(name), 0, 0); err != nil {
		return err
	}
	if err := unix.Chmod(l.in(name), mode); err != nil {
		return err
	}
	return unix.Lsetxattr(l.in(name), opaqueMark, []byte("y"), 0)
}

// emptied makes an empty directory of one that the base has, with its attributes. What is no directory
// there, a link for instance, stays.
func (l *layer) emptied(name string) error {
	st, err := os.Lstat(filepath.Join(l.base, name))
	if err != nil || !st.IsDir() || l.covered(name) {
		return nil //nolint:nilerr // nothing to hide
	}
	if err := l.opaque(name, 0o755); err != nil {
		return err
	}
	return setAttrs(l.in(name), st)
}

// file makes a file of root and the group, in place of what is there.
func (l *layer) file(name string, content []byte, mode uint32, gid int) error {
	if err := l.mirror(filepath.Dir(name)); err != nil {
		return err
	}
	if err := os.RemoveAll(l.in(name)); err != nil { // a whiteout that an earlier rule made
		return err
	}
	if err := os.WriteFile(l.in(name), content, 0o600); err != nil {
		return err
	}
	if err := os.Chown(l.in(name), 0, gid); err != nil {
		return err
	}
	return unix.Chmod(l.in(name), mode)
}

// times gives mirrored directories the time that the base has, all else a constant.
func (l *layer) times() error {
	return filepath.WalkDir(l.dst, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(l.dst, p)
		if err != nil {
			return err
		}
		t := builtAt
		if st, err := os.Lstat(filepath.Join(l.base, rel)); err == nil && d.IsDir() && !l.covered(rel) {
			t = st.ModTime()
		}
		ts := unix.NsecToTimespec(t.UnixNano())
		return unix.UtimesNanoAt(unix.AT_FDCWD, p, []unix.Timespec{ts, ts}, unix.AT_SYMLINK_NOFOLLOW)
	})
}
