package packed

import (
	"encoding/binary"
	"reflect"
	"slices"
	"time"
)

type writer func(row []byte, v reflect.Value) []byte

func writerOf(shape Shape, t reflect.Type, words *Words) writer {
	switch shape.Kind {
	case text:
		return func(row []byte, v reflect.Value) []byte { return appendText(row, v.String()) }
	case word:
		return func(row []byte, v reflect.Value) []byte { return binary.AppendUvarint(row, words.number(v.String())) }
	case flag:
		return func(row []byte, _ reflect.Value) []byte { return row }
	case integer:
		return func(row []byte, v reflect.Value) []byte { return binary.AppendVarint(row, v.Int()) }
	case moment:
		return func(row []byte, v reflect.Value) []byte {
			at := v.Interface().(time.Time)                                                           //nolint:forcetypeassert // its shape is that of this type
			return binary.AppendUvarint(binary.AppendVarint(row, at.Unix()), uint64(at.Nanosecond())) //nolint:gosec // from 0 to 999999999
		}
	case record:
		return recordWriter(shape, t, words)
	case list:
		member := writerOf(*shape.Of, t.Elem(), words)
		return func(row []byte, v reflect.Value) []byte {
			row = binary.AppendUvarint(row, uint64(v.Len())) //nolint:gosec // a length
			for i := range v.Len() {
				row = member(row, v.Index(i))
			}
			return row
		}
	case table:
		return func(row []byte, v reflect.Value) []byte { return appendTable(row, v, words) }
	default:
		to := writerOf(*shape.Of, t.Elem(), words)
		return func(row []byte, v reflect.Value) []byte { return to(row, v.Elem()) }
	}
}

func recordWriter(shape Shape, t reflect.Type, words *Words) writer {
	indexes := make([]int, len(shape.Fields))
	writers := make([]writer, len(shape.Fields))
	for n, f := range shape.Fields {
		field, found := t.FieldByName(f.Name)
		if !found || len(field.Index) != 1 {
			panic("packed: rows have no form for the field " + f.Name) // it is of an embedded struct
		}
		indexes[n], writers[n] = field.Index[0], writerOf(f, field.Type, words)
	}
	return func(row []byte, v reflect.Value) []byte {
		bits := len(row)
		row = append(row, make([]byte, (len(indexes)+7)/8)...)
		for n, i := range indexes {
			f := v.Field(i)
			if absent(f) {
				continue
			}
			row[bits+n/8] |= 1 << (n % 8)
			begin := len(row)
			row = writers[n](row, f)
			if shape.Fields[n].compound() {
				length := binary.AppendUvarint(nil, uint64(len(row)-begin)) //nolint:gosec // a length
				row = slices.Insert(row, begin, length...)
			}
		}
		return row
	}
}

// absent takes an empty list or map for none, as answers do.
func absent(v reflect.Value) bool {
	if at, is := v.Interface().(time.Time); is {
		return at.IsZero()
	}
	if v.Kind() == reflect.Slice || v.Kind() == reflect.Map {
		return v.Len() == 0
	}
	return v.IsZero()
}

func appendText(row []byte, s string) []byte {
	return append(binary.AppendUvarint(row, uint64(len(s))), s...)
}

func appendTable(row []byte, v reflect.Value, words *Words) []byte {
	row = binary.AppendUvarint(row, uint64(v.Len())) //nolint:gosec // a length
	keys := make([]string, 0, v.Len())
	for _, k := range v.MapKeys() {
		keys = append(keys, k.String())
	}
	slices.Sort(keys)
	for _, k := range keys {
		row = binary.AppendUvarint(row, words.number(k))
		row = appendText(row, v.MapIndex(reflect.ValueOf(k).Convert(v.Type().Key())).String())
	}
	return row
}
