// Command pages writes what package conformance finds into the page that is named,
// between the lines <!-- generated NAME --> and <!-- end NAME -->.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/atomicfile"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/behaviour"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/conformance"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: pages REPOSITORY PAGE")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "pages:", err)
		os.Exit(1)
	}
}

func write(root, page string) error {
	file := filepath.Join(root, page)
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for _, set := range sandbox.Services() {
		actions, err := conformance.Of(set)
		if err != nil {
			return err
		}
		if text, err = replace(text, set.Service, conformance.Table(actions)); err != nil {
			return err
		}
	}
	if text, err = replace(text, "behaviours", behaviour.Table()); err != nil {
		return err
	}
	unverified, err := conformance.UnverifiedIn(root, "internal/sandbox")
	if err != nil {
		return err
	}
	if text, err = replace(text, "unverified", conformance.List(unverified)); err != nil {
		return err
	}
	const mode = 0o644
	return atomicfile.Write(file, text, mode)
}

// replace puts a text between the two lines of a name.
func replace(page []byte, name, text string) ([]byte, error) {
	first, last := "<!-- generated "+name+" -->\n", "<!-- end "+name+" -->"
	before, rest, begun := strings.Cut(string(page), first)
	_, after, ended := strings.Cut(rest, last)
	if !begun || !ended {
		return nil, fmt.Errorf("the page has no place for %s: %q and %q", name, first, last)
	}
	return []byte(before + first + text + last + after), nil
}
