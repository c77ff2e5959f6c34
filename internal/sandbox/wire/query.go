package wire

import (
	"maps"
	"net/url"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Decode fills the struct behind target from the parameters of a Query request.
//
// A field's parameter name is its tag `q:"Name"`; `q:"Name,required"` makes its
// absence MissingParameter. Lists are numbered from 1 (Name.1, Name.2), nested
// structs are joined by dots. The list style of STS and IAM (Name.member.1) is
// understood too. A parameter that no field takes is UnknownParameter.
func Decode(form url.Values, target any) error {
	d := decoder{form: form, keys: slices.Sorted(maps.Keys(form)), used: map[string]bool{"Action": true, "Version": true}}
	if err := d.structure(reflect.ValueOf(target).Elem(), ""); err != nil {
		return err
	}
	var unknown []string
	for key := range form {
		if !d.used[key] {
			unknown = append(unknown, key)
		}
	}
	if len(unknown) > 0 {
		sort.Strings(unknown)
		return ErrUnknownParameter(unknown[0])
	}
	return nil
}

type decoder struct {
	form url.Values
	// keys are the form's, in order: what is below a name stands together.
	keys []string
	used map[string]bool
}

func (d *decoder) structure(v reflect.Value, prefix string) error {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Anonymous && field.Tag.Get("q") == "" {
			if err := d.structure(v.Field(i), prefix); err != nil {
				return err
			}
			continue
		}
		name, option, _ := strings.Cut(field.Tag.Get("q"), ",")
		if name == "" {
			continue
		}
		name = prefix + name
		if !d.present(name) {
			if option == "required" {
				return ErrMissing(name)
			}
			continue
		}
		if err := d.value(v.Field(i), name); err != nil {
			return err
		}
	}
	return nil
}

// present tells whether the request has the parameter or anything below it.
func (d *decoder) present(name string) bool {
	return d.form.Has(name) || len(d.below(name)) > 0
}

// below are the keys below a name.
func (d *decoder) below(name string) []string {
	from, _ := slices.BinarySearch(d.keys, name+".")
	to, _ := slices.BinarySearch(d.keys, name+"/") // what follows the dot
	return d.keys[from:to]
}

func (d *decoder) value(v reflect.Value, name string) error {
	kind := v.Kind()
	switch {
	case kind == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return d.value(v.Elem(), name)
	case kind == reflect.Slice:
		return d.list(v, name)
	case kind == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]():
		return d.structure(v, name+".")
	}
	text := d.form.Get(name)
	d.used[name] = true
	return scalar(v, name, text)
}

func (d *decoder) list(v reflect.Value, name string) error {
	if d.form.Has(name) && d.form.Get(name) == "" { // an empty list is sent as Name=
		d.used[name] = true
		return nil
	}
	if d.present(name + ".member") {
		name += ".member"
	}
	for _, index := range d.indexes(name) {
		item := reflect.New(v.Type().Elem()).Elem()
		if err := d.value(item, name+"."+strconv.Itoa(index)); err != nil {
			return err
		}
		v.Set(reflect.Append(v, item))
	}
	return nil
}

func (d *decoder) indexes(name string) []int {
	seen := map[int]bool{}
	for _, key := range d.below(name) {
		number, _, _ := strings.Cut(key[len(name)+1:], ".")
		if n, err := strconv.Atoi(number); err == nil {
			seen[n] = true
		}
	}
	all := make([]int, 0, len(seen))
	for n := range seen {
		all = append(all, n)
	}
	sort.Ints(all)
	return all
}

func scalar(v reflect.Value, name, text string) error {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return Errorf("InvalidParameterValue", "Invalid value '%s' for %s. Expecting a boolean.", text, name)
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return Errorf("InvalidParameterValue", "Invalid value '%s' for %s. Expecting a number.", text, name)
		}
		v.SetInt(n)
	case reflect.Float64:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return Errorf("InvalidParameterValue", "Invalid value '%s' for %s. Expecting a number.", text, name)
		}
		v.SetFloat(n)
	case reflect.Struct: // time.Time, the only struct that value passes on
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return Errorf("InvalidParameterValue", "Invalid value '%s' for %s. Expecting a time in ISO 8601.", text, name)
		}
		v.Set(reflect.ValueOf(at.UTC()))
	default:
		panic("wire: the action's input has a field of kind " + v.Kind().String() + " for " + name)
	}
	return nil
}
