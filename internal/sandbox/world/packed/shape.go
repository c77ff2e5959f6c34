package packed

import (
	"fmt"
	"reflect"
	"slices"
	"time"
)

// The kinds of a [Shape].
const (
	text    = "text"    // its length, its bytes
	word    = "word"    // its number
	flag    = "flag"    // nothing: that it is there says true
	integer = "integer" // a varint
	moment  = "moment"  // seconds since 1970 and nanoseconds, as varints
	record  = "record"  // a bit per field, then the fields that are not zero
	list    = "list"    // its length, then its members
	table   = "table"   // its length, then word and text by turns, in order
	one     = "one"     // what a pointer points to
)

// Shape says how a row is written, so that a row can be read after the struct has
// changed: fields are found by name.
type Shape struct {
	Name   string  `json:",omitempty"`
	Kind   string  `json:",omitempty"`
	Fields []Shape `json:",omitempty"`
	Of     *Shape  `json:",omitempty"`
}

// compound tells whether a field's length in bytes stands before it, so that it
// can be left out when reading.
func (s Shape) compound() bool {
	return s.Kind == list || s.Kind == table || s.Kind == one || s.Kind == record
}

// Plan names fields, at any depth.
type Plan struct {
	// Repeated are those whose text is one of few.
	Repeated []string
	// Without are those that rows leave out.
	Without []string
}

// shapeOf describes a type, as the field of a name if it is one. It panics for a
// type that rows have no form for: a struct that grows such a field is a mistake
// that the first test meets.
func (p Plan) shapeOf(t reflect.Type, name string) Shape {
	s := Shape{Name: name}
	switch s.Kind = kindOf(t); s.Kind {
	case text:
		if slices.Contains(p.Repeated, name) {
			s.Kind = word
		}
	case record:
		for i := range t.NumField() {
			if f := t.Field(i); !slices.Contains(p.Without, f.Name) {
				s.Fields = append(s.Fields, p.shapeOf(f.Type, f.Name))
			}
		}
	case list, one:
		of := p.shapeOf(t.Elem(), name)
		s.Of = &of
	case "":
		panic(fmt.Sprintf("packed: rows have no form for %s", t))
	}
	return s
}

// kindOf is the kind of a type, or "" for a type that rows have no form for.
func kindOf(t reflect.Type) string {
	switch k := t.Kind(); {
	case t == reflect.TypeFor[time.Time]():
		return moment
	case k == reflect.String:
		return text
	case k == reflect.Bool:
		return flag
	case k >= reflect.Int && k <= reflect.Int64:
		return integer
	case k == reflect.Struct:
		return record
	case k == reflect.Slice && t.Elem().Kind() != reflect.Bool:
		return list
	case k == reflect.Pointer:
		return one
	case k == reflect.Map && t.Key().Kind() == reflect.String && t.Elem().Kind() == reflect.String:
		return table
	}
	return ""
}
