package layer

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxText is how large a declared file may be to be searched for the lines of an
// upload; a template or a script is far below it.
const maxText = 1 << 20

// Coverage tells whether content is among the declared inputs, so that a change of
// it is a change of theirs.
type Coverage struct {
	sums  map[string]bool
	texts []string
}

// NewCoverage reads the declared files once more. It takes what Files takes.
func NewCoverage(files, exclude []string, values map[string]string) (*Coverage, error) {
	walk, err := newWalk("", files, exclude)
	if err != nil {
		return nil, err
	}
	c := &Coverage{sums: map[string]bool{}, texts: slices.Sorted(maps.Values(values))}
	for _, pattern := range walk.patterns {
		if _, err := walk.collect(pattern); err != nil {
			return nil, fmt.Errorf("inputs: files %q: %w", pattern, err)
		}
	}
	for _, path := range walk.local {
		if err := c.add(path); err != nil {
			return nil, fmt.Errorf("inputs: %w", err)
		}
	}
	return c, nil
}

// add takes a file as it is and as Packer's shell provisioner sends it: with LF as
// line ends, also behind the last line.
func (c *Coverage) add(path string) error {
	file, err := os.Open(filepath.FromSlash(path))
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // only read
	raw, unix, text := sha256.New(), sha256.New(), &bytes.Buffer{}
	reader := bufio.NewReaderSize(io.TeeReader(file, raw), 64<<10)
	for {
		line, err := reader.ReadSlice('\n')
		if text.Len() <= maxText {
			text.Write(line)
		}
		whole := err == nil || errors.Is(err, io.EOF) && len(line) > 0
		if whole {
			line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		}
		unix.Write(line)
		if whole {
			unix.Write([]byte("\n"))
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
	c.sums[hex.EncodeToString(raw.Sum(nil))], c.sums[hex.EncodeToString(unix.Sum(nil))] = true, true
	if text.Len() <= maxText && utf8.Valid(text.Bytes()) {
		c.texts = append(c.texts, text.String())
	}
	return nil
}

// Sum tells whether a declared file has that content: SHA-256 in hexadecimal digits.
func (c *Coverage) Sum(sum string) bool { return c.sums[sum] }

// Text tells whether every line of a text is in a declared file or value: so are the
// commands of an inline script whose template is declared. First lines that name an
// interpreter and empty lines say nothing and do not count.
func (c *Coverage) Text(text []byte) bool {
	if !utf8.Valid(text) {
		return false
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#!") {
			continue
		}
		if !slices.ContainsFunc(c.texts, func(declared string) bool {
			return strings.Contains(declared, line) || strings.Contains(declared, quoted.Replace(line))
		}) {
			return false
		}
	}
	return true
}

// quoted writes a line as it is in a string of HCL or JSON.
var quoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `${`, `$${`, "\t", `\t`)
