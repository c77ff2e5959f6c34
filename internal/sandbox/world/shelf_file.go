package world

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// shelfNote is what the state says about a shelf that is kept in a file.
type shelfNote struct {
	Account, Region, Kind, File string
	// Hidden are ids on the shelf that are live or gone.
	Hidden []string `json:",omitempty"`
}

// shelfHeader is the first line of the file of a shelf. After it come the ends of
// the rows and the hashes of their names, little-endian, and the rows.
type shelfHeader struct {
	Shape           string
	Rows            int
	Public, Layered []uint32            `json:",omitempty"`
	Shared          map[string][]uint32 `json:",omitempty"`
	// Sum is the CRC-32 (Castagnoli) of what follows the line.
	Sum uint32
}

// stored is a [Table] as saving sees it, whatever it holds.
type stored interface {
	label() string
	liveLen() int
	settle(w *World, all bool) int
	// note gives the shelf's note and, when it is in no file yet, what writes one.
	note(name func() string) (shelfNote, func(path string) error)
	restore(path string, n shelfNote) error
}

func (r *Region) tables() []stored { return []stored{&r.Images, &r.Snapshots, &r.Tags} }

func (t *Table[T]) label() string { return t.kind.label }

func (t *Table[T]) liveLen() int { return len(t.live) }

func (t *Table[T]) note(name func() string) (n shelfNote, write func(path string) error) {
	s := t.rest
	if s == nil {
		return shelfNote{}, nil
	}
	if s.file == "" {
		s.file, write = name(), s.writeFile
	}
	return shelfNote{Kind: s.kind.label, File: s.file, Hidden: slices.Sorted(maps.Keys(t.hidden))}, write
}

func (t *Table[T]) restore(path string, n shelfNote) error {
	s, err := readShelf(t.kind, path)
	if err != nil {
		return err
	}
	if s.file == "" && n.File != "" && s.current {
		s.file = n.File
	}
	t.rest = s
	for _, id := range n.Hidden {
		t.hide(id)
	}
	return nil
}

func (s *shelf[T]) writeFile(path string) error {
	numbers := make([]byte, 0, 8*len(s.ends))
	for _, list := range [][]uint32{s.ends, s.names} {
		for _, n := range list {
			numbers = binary.LittleEndian.AppendUint32(numbers, n)
		}
	}
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	_, _ = sum.Write(numbers)                // a checksum takes every write
	_, _ = io.WriteString(sum, s.text)       // as above
	header, err := json.Marshal(shelfHeader{ //nolint:errchkjson // an error is handled all the same
		Shape: s.kind.codec.Shape(), Rows: len(s.ends), Public: s.public, Layered: s.layered, Shared: s.shared, Sum: sum.Sum32(),
	})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(header, '\n'))
	if err == nil {
		_, err = f.Write(numbers)
	}
	if err == nil {
		_, err = f.WriteString(s.text)
	}
	return errors.Join(err, f.Close())
}

func readShelf[T any](k *kind[T], path string) (*shelf[T], error) {
	f, err := os.Open(path) //nolint:gosec // a file of the state folder
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	in := bufio.NewReader(f)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	var h shelfHeader
	if err := json.Unmarshal(line, &h); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	s := &shelf[T]{kind: k, public: h.Public, layered: h.Layered, shared: h.Shared}
	sum, err := s.readRows(in, h.Rows)
	if err == nil && sum != h.Sum {
		err = errors.New("the checksum is wrong")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	if h.Shape == k.codec.Shape() {
		s.current = true
		return s, nil
	}
	return s.reshaped(h.Shape)
}

func (s *shelf[T]) readRows(in io.Reader, rows int) (uint32, error) {
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	in = io.TeeReader(in, sum)
	for _, list := range []*[]uint32{&s.ends, &s.names} {
		*list = make([]uint32, rows)
		if err := binary.Read(in, binary.LittleEndian, *list); err != nil {
			return 0, err
		}
	}
	if rows == 0 {
		return sum.Sum32(), nil
	}
	var text strings.Builder
	text.Grow(int(s.ends[rows-1]))
	if _, err := io.CopyN(&text, in, int64(s.ends[rows-1])); err != nil {
		return 0, err
	}
	s.text = text.String()
	return sum.Sum32(), nil
}

// reshaped is the shelf with its rows in the form of today.
func (s *shelf[T]) reshaped(shape string) (*shelf[T], error) {
	old, err := s.kind.codec.Reading(shape)
	if err != nil {
		return nil, err
	}
	made := newShelf[T](s.kind, nil, s.len())
	for n := range s.len() {
		v, row := new(T), s.row(n)
		if err := old.Read(row[1+row[0]:], v); err != nil {
			return nil, err
		}
		s.kind.identify(v, s.id(n))
		made.add(s.id(n), v)
	}
	made.close()
	return made, nil
}
