package packed

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

type inner struct {
	Device string
	Size   int64
	Last   bool
}

type sample struct {
	ID      string
	Name    string
	Owner   string
	Public  bool
	Count   int
	Span    time.Duration
	Made    time.Time
	Devices []inner
	Codes   []string
	Root    *inner
	Tags    map[string]string
	Inside  inner
}

var plan = Plan{Repeated: []string{"Device", "Owner"}, Without: []string{"ID"}}

func samples(t *rapid.T) sample {
	text := rapid.StringN(0, 12, 40)
	in := func(label string) inner {
		return inner{Device: text.Draw(t, label+" device"), Size: rapid.Int64().Draw(t, label+" size"), Last: rapid.Bool().Draw(t, label+" last")}
	}
	v := sample{
		Name: text.Draw(t, "name"), Owner: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "owner"), Public: rapid.Bool().Draw(t, "public"),
		Count: rapid.Int().Draw(t, "count"), Span: time.Duration(rapid.Int64().Draw(t, "span")), Inside: in("inside"),
	}
	if rapid.Bool().Draw(t, "dated") {
		v.Made = time.Unix(rapid.Int64Range(-1<<35, 1<<35).Draw(t, "seconds"), rapid.Int64Range(0, 1e9-1).Draw(t, "nanos")).UTC()
	}
	for range rapid.IntRange(0, 3).Draw(t, "devices") {
		v.Devices = append(v.Devices, in("list"))
		v.Codes = append(v.Codes, text.Draw(t, "code"))
	}
	if rapid.Bool().Draw(t, "rooted") {
		root := in("root")
		v.Root = &root
	}
	if m := rapid.MapOfN(text, text, 0, 4).Draw(t, "tags"); len(m) > 0 {
		v.Tags = m
	}
	return v
}

func TestRowsReadBackAsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		codec := New[sample](NewWords(nil), plan)
		want := samples(t)
		row := string(codec.Append(nil, &want))
		var got sample
		if err := codec.Read(row, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, %v, want %+v", got, err, want)
		}
		var plain sample
		if err := codec.ReadPlain(row, &plain); err != nil {
			t.Fatal(err)
		}
		want.Devices, want.Codes, want.Root, want.Tags, want.Inside = nil, nil, nil, nil, inner{}
		if !reflect.DeepEqual(plain, want) {
			t.Fatalf("plain %+v, want %+v", plain, want)
		}
	})
}

func TestBrokenRowsAreRefusedWithoutPanic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		codec := New[sample](NewWords(nil), plan)
		v := samples(t)
		v.Name = "long enough to be cut"
		row := string(codec.Append(nil, &v))
		var got sample
		if err := codec.Read(row[:rapid.IntRange(0, len(row)-1).Draw(t, "cut")], &got); err == nil {
			t.Fatal("a row that is cut off was accepted")
		}
		_ = codec.Read(string(rapid.SliceOf(rapid.Byte()).Draw(t, "noise")), &got) // no panic
	})
}

func TestRowsOfAFormerShapeAreRead(t *testing.T) {
	t.Parallel()
	type former struct {
		Gone  []inner
		Name  string
		Owner string
		Count string
		Root  *inner
		Was   struct{ A, B string }
		Tags  map[string]string
		At    time.Time
		N     int
	}
	words := NewWords(nil)
	old := New[former](words, plan)
	v := former{
		Gone: []inner{{Device: "x", Size: 1}}, Name: "n", Owner: "o", Count: "no number", Root: &inner{Size: 7}, Tags: map[string]string{"k": "v"},
		At: time.Unix(1, 2), N: 3,
	}
	v.Was.A = "gone"
	codec, err := New[sample](words, plan).Reading(old.Shape())
	if err != nil {
		t.Fatal(err)
	}
	var got sample
	if err := codec.Read(string(old.Append(nil, &v)), &got); err != nil {
		t.Fatal(err)
	}
	want := sample{Name: "n", Owner: "o", Root: &inner{Size: 7}, Tags: map[string]string{"k": "v"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, bad := range []string{"", `{"Kind":"list"}`, `{"Kind":"record","Fields":[{"Kind":"odd"}]}`} {
		if _, err := New[sample](words, plan).Reading(bad); err == nil {
			t.Errorf("the shape %q was accepted", bad)
		}
	}
}

func TestNumbersOfWordsStay(t *testing.T) {
	t.Parallel()
	words := NewWords(nil)
	codec := New[sample](words, plan)
	row := string(codec.Append(nil, &sample{Owner: "a"}))
	_ = codec.Append(nil, &sample{Owner: "b"})
	var got sample
	if err := New[sample](NewWords(words.All()), plan).Read(row, &got); err != nil || got.Owner != "a" {
		t.Errorf("got %q, %v", got.Owner, err)
	}
	if err := New[sample](NewWords(nil), plan).Read(row, &got); err == nil {
		t.Error("a word that is not there was accepted")
	}
}
