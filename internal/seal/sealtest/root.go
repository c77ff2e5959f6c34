package sealtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Plant makes a root with every canary and every kept file, and a directory
// beside it that links of the root lead to. Root is a physical path.
func Plant(tb testing.TB) (root string) {
	tb.Helper()
	base, err := filepath.EvalSymlinks(memoryDir(tb))
	must(tb, err)
	root = filepath.Join(base, "ro ot'$(id)[*]") // a name that any missing quote breaks
	for _, dir := range []string{"tmp", "var/tmp", "var/log/nginx", "home/la st", "run"} {
		must(tb, os.MkdirAll(filepath.Join(root, dir), 0o755)) //nolint:gosec // as in a system
	}
	must(tb, os.Chmod(filepath.Join(root, "tmp"), 0o777|os.ModeSticky))
	for p, content := range Kept() {
		Write(tb, root, p, content)
	}
	for _, c := range Canaries() {
		if c.Link {
			must(tb, os.Symlink(c.Content, filepath.Join(root, c.Path)))
			continue
		}
		Write(tb, root, c.Path, c.Content)
	}
	return root
}

// memoryDir is a directory for the test, in memory where the machine has one:
// the seal flushes each key that it overwrites, which on a busy disk takes most
// of a test's time.
func memoryDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "sealtest-*") //nolint:usetesting // t.TempDir is not in memory
	if err != nil {
		return tb.TempDir()
	}
	tb.Cleanup(func() { must(tb, os.RemoveAll(dir)) })
	return dir
}

// Write puts one file below root.
func Write(tb testing.TB, root, path, content string) {
	tb.Helper()
	full := filepath.Join(root, path)
	must(tb, os.MkdirAll(filepath.Dir(full), 0o755))     //nolint:gosec // as in a system
	must(tb, os.WriteFile(full, []byte(content), 0o644)) //nolint:gosec // as in a system
}

// Sealed gives what is wrong with a root after a seal, seen from outside.
func Sealed(tb testing.TB, root string) []string {
	tb.Helper()
	var wrong []string
	for _, c := range Canaries() {
		info, err := os.Lstat(filepath.Join(root, c.Path))
		switch {
		case c.Becomes != "":
			if text, err := os.ReadFile(filepath.Join(root, c.Path)); err != nil || string(text) != c.Becomes { //nolint:gosec // below the planted root
				wrong = append(wrong, c.Path+" is now "+string(text))
			}
		case c.Stays && c.Operation != "machine-id" && err != nil:
			wrong = append(wrong, c.Path+" is gone where it had to be emptied")
		case c.Stays && err == nil && info.Mode().IsRegular() && info.Size() != 0:
			wrong = append(wrong, c.Path+" has content")
		case !c.Stays && err == nil:
			wrong = append(wrong, c.Path+" is there")
		}
	}
	wrong = append(wrong, unchanged(root)...)
	must(tb, filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(p) //nolint:gosec // below the planted root
		if strings.Contains(string(text), Marker) || strings.Contains(string(text), "PRIVATE KEY") {
			wrong = append(wrong, p+" holds a canary")
		}
		return err
	}))
	return wrong
}

// unchanged compares what had to stay.
func unchanged(root string) []string {
	var wrong []string
	for p, want := range Kept() {
		got, err := os.ReadFile(filepath.Join(root, p))
		if err != nil || string(got) != want {
			wrong = append(wrong, p+" was changed")
		}
	}
	return wrong
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
