package layer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// File is one declared input file.
type File struct {
	Path   string // relative to the root, with slashes
	Exec   bool   // executable by anyone
	SHA256 string // of the content, in hexadecimal digits
}

// Files finds and hashes the files that match any of the patterns and none of
// the excluded ones, sorted by path. A pattern is a path, relative to root or
// absolute, in which * ? [...] match within a name and ** matches any number
// of folders; one that names a folder means all files below it. An empty root
// is the deepest folder that holds all patterns, which makes the result the
// same wherever a checkout lies.
//
// A pattern without a match is an error, because a mistyped one would make
// every change invisible. Symbolic links count as what they point to, which
// must be inside the root. Folders called .git never count.
func Files(root string, patterns, exclude []string) ([]File, error) {
	walk, err := newWalk(root, patterns, exclude)
	if err != nil {
		return nil, err
	}
	var files []File
	var findings []error
	for _, pattern := range walk.patterns {
		before := walk.matched
		more, err := walk.collect(pattern)
		files = append(files, more...)
		switch {
		case err != nil:
			findings = append(findings, fmt.Errorf("%q: %w", pattern, err))
		case walk.matched == before:
			findings = append(findings, fmt.Errorf("%q matches no file below %s: correct it or take it out", pattern, walk.root))
		}
	}
	if err := errors.Join(findings...); err != nil {
		return nil, err
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// walk is one search; all its paths are absolute and have slashes.
type walk struct {
	root     string // with symbolic links resolved
	given    string // as the user wrote it, made absolute
	patterns []string
	exclude  []string
	taken    map[string]bool // relative paths already in the result
	local    []string        // what those lead to
	matched  int
}

func newWalk(root string, patterns, exclude []string) (*walk, error) {
	w := &walk{taken: map[string]bool{}}
	var err error
	if w.patterns, err = absolute(root, patterns); err != nil {
		return nil, err
	}
	if w.exclude, err = absolute(root, exclude); err != nil {
		return nil, err
	}
	for i, pattern := range w.patterns {
		w.patterns[i] = folderMeansAll(pattern)
	}
	for i, pattern := range w.exclude {
		w.exclude[i] = folderMeansAll(pattern)
	}
	if root == "" {
		w.given = commonFolder(w.patterns)
	} else if w.given, err = filepath.Abs(root); err != nil {
		return nil, fmt.Errorf("root %q: %w", root, err)
	}
	resolved, err := filepath.EvalSymlinks(filepath.FromSlash(w.given))
	if err != nil {
		return nil, fmt.Errorf("find files: %w", err)
	}
	w.given, w.root = filepath.ToSlash(w.given), filepath.ToSlash(resolved)
	return w, nil
}

// absolute makes patterns absolute and clean. Clean knows nothing of
// wildcards, and need not: they cannot contain a slash.
func absolute(root string, patterns []string) ([]string, error) {
	made := make([]string, 0, len(patterns))
	for _, pattern := range patterns {
		if pattern == "" {
			return nil, errors.New("a pattern is empty")
		}
		full := pattern
		if !filepath.IsAbs(full) {
			full = filepath.Join(root, full)
		}
		full, err := filepath.Abs(full)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", pattern, err)
		}
		full = filepath.ToSlash(full)
		if err := checkPattern(full); err != nil {
			return nil, fmt.Errorf("%q: %w", pattern, err)
		}
		made = append(made, full)
	}
	return made, nil
}

func folderMeansAll(pattern string) string {
	if info, err := os.Stat(filepath.FromSlash(pattern)); err == nil && info.IsDir() {
		return path.Join(pattern, everything)
	}
	return pattern
}

func commonFolder(patterns []string) string {
	if len(patterns) == 0 {
		return "."
	}
	common := strings.Split(literalPrefix(patterns[0]), "/")
	for _, pattern := range patterns[1:] {
		other := strings.Split(literalPrefix(pattern), "/")
		n := 0
		for n < len(common) && n < len(other) && common[n] == other[n] {
			n++
		}
		common = common[:n]
	}
	if folder := strings.Join(common, "/"); folder != "" {
		return folder
	}
	return "/"
}

// collect gives the matches of one pattern that no earlier one had.
func (w *walk) collect(pattern string) ([]File, error) {
	start := literalPrefix(pattern)
	if !within(w.given, start) {
		return nil, fmt.Errorf("it is outside of %s", w.given)
	}
	return w.folder(pattern, start, nil)
}

// folder descends. above holds the resolved folders on the way down, so that
// a link to one of them does not lead around in circles.
func (w *walk) folder(pattern, folder string, above []string) ([]File, error) {
	resolved, err := w.resolve(folder)
	if err != nil {
		return nil, err
	}
	if slices.Contains(above, resolved) {
		return nil, fmt.Errorf("symbolic link %s leads to a folder that it is in", folder)
	}
	above = append(slices.Clip(above), resolved)
	entries, err := os.ReadDir(filepath.FromSlash(folder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var files []File
	for _, entry := range entries {
		full := path.Join(folder, entry.Name())
		more, err := w.entry(pattern, full, entry.Name(), above)
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	return files, nil
}

func (w *walk) entry(pattern, full, name string, above []string) ([]File, error) {
	if name == ".git" || w.excluded(full) || !mayMatchBelow(pattern, full) {
		return nil, nil
	}
	info, err := os.Stat(filepath.FromSlash(full))
	if err != nil {
		if matchPath(pattern, full) {
			return nil, err
		}
		return nil, nil
	}
	if info.IsDir() {
		return w.folder(pattern, full, above)
	}
	if !matchPath(pattern, full) {
		return nil, nil
	}
	w.matched++
	relative := strings.TrimPrefix(strings.TrimPrefix(full, w.given), "/")
	if w.taken[relative] {
		return nil, nil
	}
	w.taken[relative] = true
	file, err := w.hash(full, relative, info)
	if err != nil {
		return nil, err
	}
	return []File{file}, nil
}

func (w *walk) excluded(full string) bool {
	return slices.ContainsFunc(w.exclude, func(pattern string) bool { return matchPath(pattern, full) })
}

// resolve follows symbolic links and refuses to leave the root.
func (w *walk) resolve(full string) (string, error) {
	resolved, err := filepath.EvalSymlinks(filepath.FromSlash(full))
	if errors.Is(err, fs.ErrNotExist) {
		return full, nil
	}
	if err != nil {
		return "", err
	}
	resolved = filepath.ToSlash(resolved)
	if !within(w.root, resolved) {
		return "", fmt.Errorf("symbolic link %s leads to %s, outside of %s: add a pattern that holds it", full, resolved, w.root)
	}
	return resolved, nil
}

func (w *walk) hash(full, relative string, info fs.FileInfo) (File, error) {
	if !info.Mode().IsRegular() {
		return File{}, fmt.Errorf("%s is not a regular file: exclude it", full)
	}
	resolved, err := w.resolve(full)
	if err != nil {
		return File{}, err
	}
	content, err := os.Open(filepath.FromSlash(resolved))
	if err != nil {
		return File{}, err
	}
	defer func() { _ = content.Close() }() // only read
	w.local = append(w.local, resolved)
	sum := sha256.New()
	if _, err := io.Copy(sum, content); err != nil {
		return File{}, fmt.Errorf("read %s: %w", full, err)
	}
	return File{Path: relative, Exec: info.Mode()&0o111 != 0, SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

// within tells whether name is the folder or below it.
func within(folder, name string) bool {
	return name == folder || strings.HasPrefix(name, strings.TrimSuffix(folder, "/")+"/")
}
