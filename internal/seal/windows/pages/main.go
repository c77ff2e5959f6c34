// Command pages writes the table of the seal's operations on Windows into the file
// that is named.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/goldenami/packer-plugin-goldenami/internal/atomicfile"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/windows"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: pages FILE")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "pages:", err)
		os.Exit(1)
	}
}

func write(file string) error {
	const directory, mode = 0o755, 0o644
	if err := os.MkdirAll(filepath.Dir(file), directory); err != nil {
		return err
	}
	return atomicfile.Write(file, []byte(windows.Markdown()), mode)
}
