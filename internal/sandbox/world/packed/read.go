package packed

import (
	"reflect"
	"time"
)

// source is a row being read. After a mistake it gives zeros and stays broken.
type source struct {
	row    string
	words  *Words
	plain  bool
	broken bool
}

func (s *source) uvarint() uint64 {
	var n uint64
	for shift := 0; shift < 64; shift += 7 {
		if s.row == "" {
			break
		}
		b := s.row[0]
		s.row = s.row[1:]
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
	s.broken = true
	return 0
}

func (s *source) varint() int64 {
	n := s.uvarint()
	return int64(n>>1) ^ -int64(n&1) //nolint:gosec // the inverse of binary.AppendVarint
}

func (s *source) take(n uint64) string {
	if n > uint64(len(s.row)) {
		s.broken, s.row = true, ""
		return ""
	}
	taken := s.row[:n]
	s.row = s.row[n:]
	return taken
}

func (s *source) word() string {
	w, known := s.words.at(s.uvarint())
	s.broken = s.broken || !known
	return w
}

// length is a count of members, each of which has a byte at least.
func (s *source) length() int {
	n := s.uvarint()
	if n > uint64(len(s.row)) {
		s.broken = true
		return 0
	}
	return int(n) //nolint:gosec // at most the length of a text
}

type reader func(s *source, v reflect.Value)

// readerOf reads a shape into a type; where the type does not fit any more it
// reads and forgets. The zero type forgets everything.
func readerOf(shape Shape, t reflect.Type) reader {
	if t == nil || !fits(shape, t) {
		return forget(shape)
	}
	switch shape.Kind {
	case text:
		return func(s *source, v reflect.Value) { v.SetString(s.take(s.uvarint())) }
	case word:
		return func(s *source, v reflect.Value) { v.SetString(s.word()) }
	case flag:
		return func(_ *source, v reflect.Value) { v.SetBool(true) }
	case integer:
		return func(s *source, v reflect.Value) { v.SetInt(s.varint()) }
	case moment:
		return func(s *source, v reflect.Value) {
			at, ok := v.Addr().Interface().(*time.Time)
			if seconds, nanos := s.varint(), s.uvarint(); ok {
				*at = time.Unix(seconds, int64(nanos)).UTC() //nolint:gosec // from 0 to 999999999
			}
		}
	case record:
		return recordReader(shape, t)
	case list:
		member := readerOf(*shape.Of, t.Elem())
		return func(s *source, v reflect.Value) {
			n := s.length()
			v.Set(reflect.MakeSlice(t, n, n))
			for i := range n {
				member(s, v.Index(i))
			}
		}
	case table:
		return func(s *source, v reflect.Value) { readTable(s, v) }
	default:
		to := readerOf(*shape.Of, t.Elem())
		return func(s *source, v reflect.Value) {
			v.Set(reflect.New(t.Elem()))
			to(s, v.Elem())
		}
	}
}

func recordReader(shape Shape, t reflect.Type) reader {
	indexes := make([]int, len(shape.Fields))
	readers := make([]reader, len(shape.Fields))
	for n, f := range shape.Fields {
		var to reflect.Type
		if t != nil {
			if field, found := t.FieldByName(f.Name); found && len(field.Index) == 1 && fits(f, field.Type) {
				indexes[n], to = field.Index[0], field.Type
			}
		}
		readers[n] = readerOf(f, to)
		if to == nil {
			indexes[n] = -1
		}
	}
	return func(s *source, v reflect.Value) {
		bits := s.take(uint64(len(indexes)+7) / 8)
		for n := range indexes {
			if s.broken || bits[n/8]&(1<<(n%8)) == 0 {
				continue
			}
			if shape.Fields[n].compound() {
				if length := s.uvarint(); s.plain {
					s.take(length)
					continue
				}
			}
			var to reflect.Value
			if indexes[n] >= 0 {
				to = v.Field(indexes[n])
			}
			readers[n](s, to)
		}
	}
}

func readTable(s *source, v reflect.Value) {
	n := s.length()
	v.Set(reflect.MakeMapWithSize(v.Type(), n))
	for range n {
		k, value := s.word(), s.take(s.uvarint())
		v.SetMapIndex(reflect.ValueOf(k).Convert(v.Type().Key()), reflect.ValueOf(value).Convert(v.Type().Elem()))
	}
}

func fits(shape Shape, t reflect.Type) bool {
	kind := kindOf(t)
	return kind == shape.Kind || kind == text && shape.Kind == word
}

// forget reads over a shape that no field takes.
func forget(shape Shape) reader {
	switch shape.Kind {
	case text:
		return func(s *source, _ reflect.Value) { s.take(s.uvarint()) }
	case word, integer:
		return func(s *source, _ reflect.Value) { s.uvarint() }
	case flag:
		return func(*source, reflect.Value) {}
	case moment:
		return func(s *source, _ reflect.Value) { s.uvarint(); s.uvarint() }
	case record:
		return recordReader(shape, nil)
	case list:
		member := readerOf(*shape.Of, nil)
		return func(s *source, v reflect.Value) {
			for range s.length() {
				member(s, v)
			}
		}
	case table:
		return func(s *source, _ reflect.Value) {
			for range s.length() {
				s.uvarint()
				s.take(s.uvarint())
			}
		}
	default:
		return readerOf(*shape.Of, nil)
	}
}
