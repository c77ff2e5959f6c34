package conformance

import (
	"reflect"
	"time"
)

// deepest ends types that contain themselves.
const deepest = 9

var aTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// fill gives every exported field of v a value that is not its zero: one member
// for a list, one entry for a map.
func fill(v reflect.Value, depth int) {
	if depth > deepest || !v.CanSet() {
		return
	}
	if v.Type().ConvertibleTo(reflect.TypeFor[time.Time]()) && v.Kind() == reflect.Struct {
		v.Set(reflect.ValueOf(aTime).Convert(v.Type()))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), depth+1)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, depth+1)
		fill(value, depth+1)
		v.Set(reflect.MakeMapWithSize(v.Type(), 1))
		v.SetMapIndex(key, value)
	default:
		fillScalar(v)
	}
}

// fillScalar leaves kinds alone that no request and no answer has.
func fillScalar(v reflect.Value) {
	switch {
	case v.Kind() == reflect.String:
		v.SetString("1") // a number too, where the two sides differ in kind
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.CanInt():
		v.SetInt(1)
	case v.CanUint():
		v.SetUint(1)
	case v.CanFloat():
		v.SetFloat(1)
	}
}
