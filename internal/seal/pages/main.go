// Command pages writes the tables of the seal's operations into the folder that is
// named: their names, reasons and places stand in the fragments and nowhere else.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/goldenami/packer-plugin-goldenami/internal/atomicfile"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/windows"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: pages FOLDER")
		os.Exit(2)
	}
	for name, table := range map[string]string{"Operations.mdx": seal.Markdown(), "WindowsOperations.mdx": windows.Markdown()} {
		if err := write(filepath.Join(os.Args[1], name), table); err != nil {
			fmt.Fprintln(os.Stderr, "pages:", err)
			os.Exit(1)
		}
	}
}

func write(file, table string) error {
	const directory, mode = 0o755, 0o644
	if err := os.MkdirAll(filepath.Dir(file), directory); err != nil {
		return err
	}
	return atomicfile.Write(file, []byte(table), mode)
}
