// Package atomicfile replaces files as a whole, so that a reader, and a build that
// is killed, never sees half of one. It decides nothing of what is in them.
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Write makes path a file of that content and mode. A file that was there is
// replaced, a link is replaced and not followed, and the folder must exist.
func Write(path string, data []byte, mode fs.FileMode) error {
	tmp, err := create(path)
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(mode), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(tmp.Name()))
	}
	return nil
}

// Check tells whether [Write] could make a file there, and leaves none.
func Check(path string) error {
	tmp, err := create(path)
	if err != nil {
		return err
	}
	return errors.Join(tmp.Close(), os.Remove(tmp.Name()))
}

// create opens a file beside path that only its owner may read yet.
func create(path string) (*os.File, error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return tmp, nil
}
