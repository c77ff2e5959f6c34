package repotest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// maxLines is what one reads in a sitting; a longer file holds two subjects.
const maxLines = 300

type goFile struct {
	path      string // from the root, with slashes
	lines     []string
	generated bool
}

var generatedMark = regexp.MustCompile(`^// Code generated .* DO NOT EDIT\.$`)

// goFiles reads all Go files of the repository.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	var all []goFile
	top := root(t)
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != top && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		all = append(all, goFile{filepath.ToSlash(rel), lines, generatedMark.MatchString(lines[0])})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("there are no Go files")
	}
	return all
}

func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		if !f.generated && len(f.lines) > maxLines {
			t.Errorf("%s has %d lines; more than %d are more than one subject", f.path, len(f.lines), maxLines)
		}
	}
}

// TestPackagesSayWhatTheyAre asks for a package comment that says more than a
// name: what the package decides, or does not.
func TestPackagesSayWhatTheyAre(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t, "./...") {
		want := "Package " + p.Name + " "
		if p.Name == "main" {
			want = ""
		}
		if p.Doc == "" || !strings.HasPrefix(p.Doc, want) {
			t.Errorf("%s has no package comment that begins with %q", p.ImportPath, want)
		}
	}
}

// TestPackagesAreNamedForWhatTheyGive refuses the names under which everything fits.
func TestPackagesAreNamedForWhatTheyGive(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t, "./...") {
		switch p.Name {
		case "common", "util", "utils", "helper", "helpers", "misc", "packer":
			t.Errorf("%s: the name %s says nothing of what it gives", p.ImportPath, p.Name)
		}
	}
}

// TestTheTreeNamesNoMachine finds paths that exist on one machine alone.
func TestTheTreeNamesNoMachine(t *testing.T) {
	t.Parallel()
	home := regexp.MustCompile(`/(home|Users)/[a-z]+/(go|src)/`)
	for _, f := range goFiles(t) {
		for i, line := range f.lines {
			if home.MatchString(line) {
				t.Errorf("%s:%d names a folder of somebody's machine: %s", f.path, i+1, strings.TrimSpace(line))
			}
		}
	}
}
