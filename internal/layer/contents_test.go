package layer

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestContentsAreNamedAsCopiesAre(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{
		"conf/app.ini": 0o644, "conf/d/one": 0o600, "conf/.git/x": 0o644, "bin/tool": 0o755, "t/a.tmpl": 0o644, "t/b.tmpl": 0o644, "t/sub/c.tmpl": 0o644, "other/app.ini": 0o644, "other/a.tmpl": 0o644,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("content of "+filepath.Base(name)), mode); err != nil {
			t.Fatal(err)
		}
	}
	for patterns, want := range map[string]string{
		"conf/app.ini":               "app.ini",
		"conf":                       "conf/app.ini conf/d/one",
		"conf/":                      "conf/app.ini conf/d/one",
		"conf/**":                    "app.ini d/one",
		"t/*.tmpl":                   "a.tmpl b.tmpl",
		"bin/tool conf/d t/**/c*":    "d/one sub/c.tmpl tool+x",
		"conf/app.ini other/app.ini": "app.ini", // the same file
		"":                           "",
	} {
		var list []string
		for p := range strings.FieldsSeq(patterns) {
			list = append(list, filepath.Join(dir, p))
		}
		files, err := Contents(list)
		if err != nil {
			t.Errorf("%s: %v", patterns, err)
		}
		var got []string
		for _, f := range files {
			name := f.Path
			if f.Exec {
				name += "+x"
			}
			got = append(got, name)
			if string(f.Content) != "content of "+filepath.Base(f.Path) {
				t.Errorf("%s: %s holds %q", patterns, f.Path, f.Content)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %s", patterns, got, want)
		}
	}
}

func TestContentsRefuse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"a/x": "1", "b/x": "2"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		patterns []string
		want     string
	}{
		{[]string{filepath.Join(dir, "a/x"), filepath.Join(dir, "b/x")}, "both give a file x"},
		{[]string{filepath.Join(dir, "none")}, fmt.Sprintf("%q matches no file", filepath.ToSlash(filepath.Join(dir, "none")))},
		{[]string{filepath.Join(dir, "none/*")}, "none"},
		{[]string{""}, "empty"},
		{[]string{"["}, "syntax error"},
	} {
		if files, err := Contents(c.patterns); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, error %v, want %s", c.patterns, files, err, c.want)
		}
	}
}
