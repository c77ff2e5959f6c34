//go:build linux

package instance

import (
	"debug/elf"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// checkBinary makes sure that this program can run in a guest: as its init it is started with the guest's
// root, so a C library that it is linked against must be in the base too.
func checkBinary(binary io.ReaderAt, base string) error {
	f, err := elf.NewFile(binary)
	if err != nil {
		return fmt.Errorf("read this program: %w", err)
	}
	defer func() { _ = f.Close() }()
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP {
			continue
		}
		name, err := io.ReadAll(p.Open())
		if err != nil {
			return fmt.Errorf("read this program: %w", err)
		}
		loader := strings.TrimRight(string(name), "\x00")
		// In the base a link may be absolute, and then means a file of the base: it is enough that it is there.
		if _, err := os.Lstat(filepath.Join(base, loader)); err != nil {
			return fmt.Errorf("base %s: %w: this program is linked against the C library; build it with CGO_ENABLED=0 for this base", base, err)
		}
	}
	return nil
}
