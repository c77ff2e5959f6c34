package conformance

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
)

// Unverified is a code or text that no public source confirmed.
type Unverified struct {
	// File is where it stands, from the root of the repository.
	File string
	// Note says what is unverified.
	Note string
	// Line is the code beside the note.
	Line string
}

var mark = regexp.MustCompile(`// unverified: (.+)$`)

// UnverifiedIn finds the comments that begin with "unverified:" in the Go files
// below a folder of the repository.
func UnverifiedIn(root, folder string) ([]Unverified, error) {
	var all []Unverified
	tree := os.DirFS(root)
	err := fs.WalkDir(tree, folder, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(tree, file)
		if err != nil {
			return err
		}
		all = append(all, marks(file, strings.Split(string(text), "\n"))...)
		return nil
	})
	return all, err
}

func marks(file string, lines []string) []Unverified {
	var all []Unverified
	for n, line := range lines {
		found := mark.FindStringSubmatchIndex(line)
		if found == nil || strings.Contains(line, `"`+"// unverified") {
			continue
		}
		code := strings.TrimSpace(line[:found[0]])
		for next := n + 1; code == "" && next < len(lines); next++ { // the comment stands above
			if text := strings.TrimSpace(lines[next]); !strings.HasPrefix(text, "//") {
				code = text
			}
		}
		all = append(all, Unverified{File: file, Note: line[found[2]:found[3]], Line: code})
	}
	return all
}

// List is the unverified texts in Markdown.
func List(all []Unverified) string {
	var b strings.Builder
	for _, u := range all {
		fmt.Fprintf(&b, "- `%s`, %s: `%s`\n", u.File, u.Note, strings.ReplaceAll(u.Line, "`", "'"))
	}
	return b.String()
}
