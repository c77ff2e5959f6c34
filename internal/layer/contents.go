package layer

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

// Contents reads the files that match any of the patterns of Files, sorted by
// path. Each pattern is named as "cp -r" names what it copies: a file by its own
// name, a folder with all below it, and what a wildcard matches by its path below
// the folder before the wildcard. Two files of one name are an error, unless they
// are the same.
func Contents(patterns []string) ([]stage.File, error) {
	var all []stage.File
	for _, pattern := range patterns {
		more, err := contents(pattern)
		if err != nil {
			return nil, err
		}
		for _, file := range more {
			at := slices.IndexFunc(all, func(f stage.File) bool { return f.Path == file.Path })
			switch {
			case at < 0:
				all = append(all, file)
			case all[at].Exec != file.Exec || !bytes.Equal(all[at].Content, file.Content):
				return nil, fmt.Errorf("%q and an earlier pattern both give a file %s: put one of them into a folder of its own", pattern, file.Path)
			}
		}
	}
	slices.SortFunc(all, func(a, b stage.File) int { return strings.Compare(a.Path, b.Path) })
	return all, nil
}

func contents(pattern string) ([]stage.File, error) {
	full, err := absolute("", []string{pattern})
	if err != nil {
		return nil, err
	}
	root := literalPrefix(full[0])
	found, err := Files(filepath.FromSlash(root), full, nil)
	if err != nil {
		return nil, err
	}
	files := make([]stage.File, 0, len(found))
	for _, f := range found {
		content, err := os.ReadFile(filepath.FromSlash(path.Join(root, f.Path)))
		if err != nil {
			return nil, err
		}
		files = append(files, stage.File{Path: f.Path, Exec: f.Exec, Content: content})
	}
	return files, nil
}
