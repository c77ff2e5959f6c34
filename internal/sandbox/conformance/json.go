package conformance

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// json sorts the members that the client sent by whether the input declares them.
func (f *Fields) json(sent []byte, input reflect.Type) error {
	var body map[string]any
	if len(sent) == 0 {
		return nil
	}
	if err := json.Unmarshal(sent, &body); err != nil {
		return err
	}
	f.object(body, input, "")
	return nil
}

func (f *Fields) object(body map[string]any, t reflect.Type, path string) {
	for name, value := range body {
		field, known := member(t, name)
		if !known {
			f.Absent = append(f.Absent, path+name)
			continue
		}
		for field.Kind() == reflect.Pointer || field.Kind() == reflect.Slice {
			field = field.Elem()
		}
		inner := value
		if list, is := value.([]any); is && len(list) > 0 {
			inner = list[0]
		}
		if nested, is := inner.(map[string]any); is && field.Kind() == reflect.Struct {
			f.object(nested, field, path+name+".")
			continue
		}
		f.Exact = append(f.Exact, path+name)
	}
}

// member is the type of the field that encoding/json fills for a name.
func member(t reflect.Type, name string) (reflect.Type, bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil, false
	}
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Anonymous && field.Tag.Get("json") == "" {
			if inner, known := member(field.Type, name); known {
				return inner, true
			}
			continue
		}
		label, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if label == "" {
			label = field.Name
		}
		if strings.EqualFold(label, name) {
			return field.Type, true
		}
	}
	return nil, false
}

// differences collects the tags "simplified" of a type, under AWS's names.
func differences(t reflect.Type, path string, depth int) Differences {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || depth > deepest {
		return nil
	}
	var all Differences
	for i := range t.NumField() {
		field := t.Field(i)
		name := path + label(field)
		if what := field.Tag.Get("simplified"); what != "" {
			all = append(all, Difference{Name: strings.TrimSuffix(name, "."), What: what})
		}
		inner := name + "."
		if label(field) == "" {
			inner = path
		}
		all = append(all, differences(field.Type, inner, depth+1)...)
	}
	slices.SortFunc(all, func(a, b Difference) int { return strings.Compare(a.Name, b.Name) })
	return slices.Compact(all)
}

// label is AWS's name of a field in a request or an answer.
func label(field reflect.StructField) string {
	for _, key := range []string{"q", "xml", "json"} {
		if name, _, _ := strings.Cut(field.Tag.Get(key), ","); name != "" {
			return name
		}
	}
	if field.Anonymous {
		return ""
	}
	return field.Name
}
