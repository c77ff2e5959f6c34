package repotest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	include = regexp.MustCompile(`@include '([^']+)'`)
	link    = regexp.MustCompile(`\]\(([a-zA-Z][\w./-]*)\)`)
)

// documents reads the files of docs/ and those of the root that people read.
func documents(t *testing.T) map[string]string {
	t.Helper()
	top, all := root(t), map[string]string{}
	paths := []string{filepath.Join(top, "README.md"), filepath.Join(top, "CONTRIBUTING.md")}
	err := filepath.WalkDir(filepath.Join(top, "docs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[path] = string(text)
	}
	return all
}

// TestDocumentsIncludeWhatIsGenerated finds option tables that no component has
// any more, and generated ones that no page shows.
func TestDocumentsIncludeWhatIsGenerated(t *testing.T) {
	t.Parallel()
	partials, shown := filepath.Join(root(t), "docs-partials"), map[string]bool{}
	for path, text := range documents(t) {
		for _, m := range include.FindAllStringSubmatch(text, -1) {
			shown[m[1]] = true
			if _, err := os.Stat(filepath.Join(partials, m[1])); err != nil {
				t.Errorf("%s includes what is not generated: %v", path, err)
			}
		}
	}
	err := filepath.WalkDir(partials, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "required.mdx") {
			return err
		}
		rel, err := filepath.Rel(partials, path)
		if err == nil && !shown[filepath.ToSlash(rel)] {
			t.Errorf("no page in docs/ shows the options of %s", rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	for path, text := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s links to nothing: %v", path, err)
			}
		}
	}
}

// TestPagesHaveFrontMatter because the portal takes the first lines for it, and
// would lose those of a page that has none.
func TestPagesHaveFrontMatter(t *testing.T) {
	t.Parallel()
	for path, text := range documents(t) {
		if strings.HasSuffix(path, ".mdx") && !strings.HasPrefix(text, "---\ndescription:") {
			t.Errorf("%s does not begin with front matter", path)
		}
	}
}
