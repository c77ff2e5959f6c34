package layer

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// tree makes files: "x!" is executable, "x -> y" a symbolic link.
func tree(tb testing.TB, names ...string) string {
	tb.Helper()
	root := tb.TempDir()
	for _, name := range names {
		link, target, isLink := strings.Cut(name, " -> ")
		path := filepath.Join(root, strings.TrimSuffix(link, "!"))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			tb.Fatal(err)
		}
		mode := fs.FileMode(0o600)
		if strings.HasSuffix(name, "!") {
			mode = 0o700
		}
		var err error
		if isLink {
			err = os.Symlink(target, path)
		} else {
			err = os.WriteFile(path, []byte("content of "+filepath.Base(path)), mode)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	return root
}

func paths(files []File) string {
	var all []string
	for _, f := range files {
		all = append(all, f.Path)
	}
	return strings.Join(all, " ")
}

func TestFilesPatterns(t *testing.T) {
	t.Parallel()
	root := tree(t, "a.sh!", "b.txt", "d/c.sh", "d/e/f.sh", "d/e/g.txt", ".git/config", "d/.hidden")
	for _, c := range []struct {
		patterns, exclude []string
		want              string
	}{
		{[]string{"**"}, nil, "a.sh b.txt d/.hidden d/c.sh d/e/f.sh d/e/g.txt"},
		{[]string{"**/*.sh"}, nil, "a.sh d/c.sh d/e/f.sh"},
		{[]string{"*.sh", "**/*.sh"}, nil, "a.sh d/c.sh d/e/f.sh"},
		{[]string{"d/**/f.sh"}, nil, "d/e/f.sh"},
		{[]string{"d"}, []string{"d/e"}, "d/.hidden d/c.sh"},
		{[]string{"d/e/../c.sh"}, nil, "d/c.sh"},
		{[]string{"**"}, []string{"**/*.txt", "d/.*"}, "a.sh d/c.sh d/e/f.sh"},
		{[]string{filepath.Join(root, "?.[st]*")}, nil, "a.sh b.txt"},
	} {
		files, err := Files(root, c.patterns, c.exclude)
		if err != nil || paths(files) != c.want {
			t.Errorf("%q without %q: %s, %v; want %s", c.patterns, c.exclude, paths(files), err, c.want)
		}
	}
	files, err := Files(root, []string{"*"}, nil)
	if err != nil || !files[0].Exec || files[1].Exec || len(files[0].SHA256) != 64 {
		t.Errorf("%+v, %v", files, err)
	}
}

func TestFilesDoNotDependOnThePlace(t *testing.T) {
	t.Parallel()
	names := []string{"x/ansible/main.yml", "x/ansible/roles/r.yml", "x/files/motd"}
	one, two := tree(t, names...), tree(t, names...)
	at := time.Unix(1, 0)
	if err := os.Chtimes(filepath.Join(two, names[0]), at, at); err != nil {
		t.Fatal(err)
	}
	get := func(root string) []File {
		files, err := Files("", []string{root + "/x/ansible/**", root + "/x/files/*"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	if a, b := get(one), get(two); !slices.Equal(a, b) || paths(a) != "ansible/main.yml ansible/roles/r.yml files/motd" {
		t.Errorf("%v\n%v", a, b)
	}
}

func TestFilesErrors(t *testing.T) {
	t.Parallel()
	root := tree(t, "a", "in/x", "in/out -> ../../elsewhere", "loop/self -> .", "dangling -> nothing", "abs -> /etc/passwd", "etc -> /etc")
	for pattern, want := range map[string]string{
		"nothing/**": "matches no file below",
		"*.none":     "matches no file",
		"[":          "syntax error",
		"":           "a pattern is empty",
		"../*":       "outside of",
		"loop/**":    "leads to a folder that it is in",
		"dangling":   "no such file",
		"abs":        "outside of",
		"etc/**":     "outside of",
		"in/**":      "no such file",
	} {
		if files, err := Files(root, []string{pattern}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want %s", pattern, paths(files), err, want)
		}
	}
	_, err := Files(root, []string{"x1", "a", "x2"}, nil)
	if err == nil || !strings.Contains(err.Error(), `"`+root+`/x1"`) || !strings.Contains(err.Error(), "x2") {
		t.Errorf("not all findings at once: %v", err)
	}
}

func TestLinksCountAsTheirTarget(t *testing.T) {
	t.Parallel()
	root := tree(t, "real/x!", "link -> real/x", "folder -> real")
	files, err := Files(root, []string{"**"}, nil)
	if err != nil || paths(files) != "folder/x link real/x" {
		t.Fatalf("%v, %v", paths(files), err)
	}
	for _, f := range files {
		if !f.Exec || f.SHA256 != files[0].SHA256 {
			t.Errorf("%+v", f)
		}
	}
}

// TestMatchPath compares with a plain recursive definition.
func TestMatchPath(t *testing.T) {
	t.Parallel()
	var plain func(pattern, name []string) bool
	plain = func(pattern, name []string) bool {
		switch {
		case len(pattern) == 0:
			return len(name) == 0
		case pattern[0] == "**":
			return plain(pattern[1:], name) || len(name) > 0 && plain(pattern, name[1:])
		case len(name) == 0:
			return false
		}
		ok, _ := filepath.Match(pattern[0], name[0])
		return ok && plain(pattern[1:], name[1:])
	}
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.SliceOfN(rapid.SampledFrom([]string{"**", "*", "a", "b", "a*"}), 1, 6).Draw(t, "pattern")
		name := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "ab"}), 1, 6).Draw(t, "name")
		want := plain(pattern, name)
		if got := matchPath(strings.Join(pattern, "/"), strings.Join(name, "/")); got != want {
			t.Fatalf("%v on %v: %v, want %v", pattern, name, got, want)
		}
		for n := 1; want && n <= len(name); n++ {
			if !mayMatchBelow(strings.Join(pattern, "/"), strings.Join(name[:n], "/")) {
				t.Fatalf("%v on %v: would not descend into %v", pattern, name, name[:n])
			}
		}
	})
}
