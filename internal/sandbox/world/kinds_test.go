package world

import (
	"reflect"
	"testing"
	"time"
)

// Every field of the resources that are packed survives it.
func TestPackedResourcesKeepEveryField(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	defer func() { _ = w.Close() }()
	image, snapshot := new(Image), new(Snapshot)
	filled(t, reflect.ValueOf(image).Elem())
	filled(t, reflect.ValueOf(snapshot).Elem())
	var gotImage Image
	if err := w.kinds.images.codec.Read(string(w.kinds.images.codec.Append(nil, image)), &gotImage); err != nil {
		t.Fatal(err)
	}
	w.kinds.images.identify(&gotImage, image.ID)
	if !reflect.DeepEqual(&gotImage, image) {
		t.Errorf("got %+v, want %+v", gotImage, image)
	}
	var gotSnapshot Snapshot
	if err := w.kinds.snapshots.codec.Read(string(w.kinds.snapshots.codec.Append(nil, snapshot)), &gotSnapshot); err != nil {
		t.Fatal(err)
	}
	w.kinds.snapshots.identify(&gotSnapshot, snapshot.ID)
	if !reflect.DeepEqual(&gotSnapshot, snapshot) {
		t.Errorf("got %+v, want %+v", gotSnapshot, snapshot)
	}
}

// filled sets every field to something that is not zero.
func filled(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		v.SetString("x" + v.Type().Name())
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		filled(t, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		filled(t, v.Index(0))
		filled(t, v.Index(1))
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"k": "v"}).Convert(v.Type()))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(dawn))
			return
		}
		for i := range v.NumField() {
			filled(t, v.Field(i))
		}
	default:
		t.Fatalf("no value for the kind %s", v.Kind())
	}
}
