//go:build linux

package instance

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// claimState keeps the layers and disks of one kind of guest from the other: their files look alike, but what
// lies below them differs.
func claimState(state, kind string) error {
	file := filepath.Join(state, "guests")
	text, err := os.ReadFile(file)
	have := strings.TrimSpace(string(text))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		have = ""
		if _, err := os.Stat(filepath.Join(state, "layers")); err == nil {
			have = overlayKind.name // of a time when there was no other
		}
	case err != nil:
		return err
	}
	if have == "" {
		return writeWhole(file, func(w io.Writer) error {
			_, err := io.WriteString(w, kind+"\n")
			return err
		})
	}
	if have != kind {
		return fmt.Errorf("state directory %s belongs to guests of kind %s: use another one for kind %s", state, have, kind)
	}
	return nil
}
