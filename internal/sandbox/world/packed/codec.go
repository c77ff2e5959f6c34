package packed

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// Codec writes and reads rows of one struct type. Reading is safe from several
// goroutines while nobody writes.
type Codec[T any] struct {
	words *Words
	shape Shape
	write writer
	read  reader
}

// New makes the codec of a type, with the words that its rows share.
func New[T any](words *Words, plan Plan) *Codec[T] {
	t := reflect.TypeFor[T]()
	shape := plan.shapeOf(t, "")
	return &Codec[T]{words: words, shape: shape, read: readerOf(shape, t), write: writerOf(shape, t, words)}
}

// Shape describes the rows, for [Codec.Reading].
func (c *Codec[T]) Shape() string {
	s, err := json.Marshal(c.shape)
	if err != nil {
		panic("packed: " + err.Error()) // a tree of strings can be marshalled
	}
	return string(s)
}

// Reading gives a codec that reads rows of a former shape of the struct. What the
// struct has no longer is left out.
func (c *Codec[T]) Reading(shape string) (*Codec[T], error) {
	old := &Codec[T]{words: c.words, write: c.write}
	if err := json.Unmarshal([]byte(shape), &old.shape); err != nil {
		return nil, fmt.Errorf("the shape of packed rows: %w", err)
	}
	if err := old.shape.check(); err != nil {
		return nil, err
	}
	old.read = readerOf(old.shape, reflect.TypeFor[T]())
	return old, nil
}

func (s Shape) check() error {
	if (s.Kind == list || s.Kind == one) && s.Of == nil {
		return fmt.Errorf("the shape of packed rows has a %s of nothing", s.Kind)
	}
	if s.Of != nil {
		if err := s.Of.check(); err != nil {
			return err
		}
	}
	for _, f := range s.Fields {
		if err := f.check(); err != nil {
			return err
		}
	}
	switch s.Kind {
	case text, word, flag, integer, moment, record, list, table, one:
		return nil
	}
	return fmt.Errorf("the shape of packed rows has the kind %q", s.Kind)
}

// Append adds the row of v to row.
func (c *Codec[T]) Append(row []byte, v *T) []byte {
	return c.write(row, reflect.ValueOf(v).Elem())
}

// Read fills v, which must be zero, from a row.
func (c *Codec[T]) Read(row string, v *T) error { return c.readFrom(row, v, false) }

// ReadPlain is [Codec.Read] without lists, maps, structs and what pointers point
// to, which are left zero: it allocates nothing.
func (c *Codec[T]) ReadPlain(row string, v *T) error { return c.readFrom(row, v, true) }

func (c *Codec[T]) readFrom(row string, v *T, plain bool) error {
	s := source{row: row, words: c.words, plain: plain}
	c.read(&s, reflect.ValueOf(v).Elem())
	if s.broken {
		return fmt.Errorf("a packed row of %d bytes is broken", len(row))
	}
	return nil
}
