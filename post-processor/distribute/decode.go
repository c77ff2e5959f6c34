package distribute

import (
	"fmt"
	"reflect"
	"strings"
)

// plain turns what came over RPC, where Go's types are lost, into maps with
// string keys, slices and scalars: text may arrive as bytes, and a map with keys
// of any type.
func plain(v interface{}) interface{} {
	if v == nil {
		return nil
	}
	if b, ok := v.([]byte); ok {
		return string(b)
	}
	rv := reflect.ValueOf(v)
	switch rv.Kind() {
	case reflect.Pointer, reflect.Interface:
		if rv.IsNil() {
			return nil
		}
		return plain(rv.Elem().Interface())
	case reflect.Map:
		out := make(map[string]interface{}, rv.Len())
		for _, key := range rv.MapKeys() {
			out[fmt.Sprint(plain(key.Interface()))] = plain(rv.MapIndex(key).Interface())
		}
		return out
	case reflect.Slice, reflect.Array:
		out := make([]interface{}, rv.Len())
		for i := range out {
			out[i] = plain(rv.Index(i).Interface())
		}
		return out
	case reflect.Struct:
		out := make(map[string]interface{}, rv.NumField())
		for i := range rv.NumField() {
			if f := rv.Type().Field(i); f.IsExported() {
				out[f.Name] = plain(rv.Field(i).Interface())
			}
		}
		return out
	default:
		return v
	}
}

// stringMap keeps the entries whose value is text, and is nil if v is no map.
func stringMap(v interface{}) map[string]string {
	m, ok := plain(v).(map[string]interface{})
	if !ok {
		return nil
	}
	out := make(map[string]string, len(m))
	for key, value := range m {
		if s, ok := value.(string); ok {
			out[key] = s
		}
	}
	return out
}

// registryFacts finds labels and source image in HCP registry metadata: one image
// or a list, of which the first tells, since a build's images differ in place only.
func registryFacts(v interface{}) (labels map[string]string, sourceID string) {
	p := plain(v)
	if list, ok := p.([]interface{}); ok {
		if len(list) == 0 {
			return nil, ""
		}
		p = list[0]
	}
	image, ok := p.(map[string]interface{})
	if !ok {
		return nil, ""
	}
	for key, value := range image {
		switch strings.ToLower(key) {
		case "labels":
			labels = stringMap(value)
		case "sourceimageid":
			sourceID, _ = value.(string)
		}
	}
	return labels, sourceID
}
