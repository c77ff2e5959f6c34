package tradeoff

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestFiguresAreReadAsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := Figures{}
		for _, k := range kinds {
			if rapid.Bool().Draw(t, "known "+k.name) {
				f.Set(k.figure, rapid.Float64Range(0, 2*limit).Draw(t, k.name))
			}
		}
		text := f.String()
		if len(text) > 256 {
			t.Fatalf("%d characters do not fit a tag: %s", len(text), text)
		}
		again, err := Parse(text)
		if err != nil || again.String() != text || len(again) != len(f) {
			t.Fatalf("%q was read as %q, %v", text, again, err)
		}
		for figure, value := range f {
			if again[figure] != value {
				t.Fatalf("%s is %v and was read as %v", figure, value, again[figure])
			}
		}
	})
}

func TestFiguresHaveOneSpelling(t *testing.T) {
	t.Parallel()
	f := Figures{}
	f.SetSeconds(Launch, 12340*time.Millisecond)
	f.SetSeconds(Wait, 0)
	f.Set(Own, 0.4106109)
	f.Set(Month, 100)
	if got := f.String(); got != "wait=0 launch=12.3 own=0.410611 month=100" {
		t.Errorf("%q", got)
	}
	for _, text := range []string{
		"wait", "wait=", "wait=1s", "wait=1 wait=1", "launch=1 wait=1", "wait=1  launch=2", "wait=1.0", "wait=01", "wait=1.23",
		"wait=+1", "wait=-1", "wait=1e2", "wait=NaN", "wait=Inf", "price=1", " wait=1", "wait=1 ", "wait=1\nlaunch=2", "wait=99999999999",
	} {
		if f, err := Parse(text); err == nil {
			t.Errorf("%q was read as %v", text, f)
		}
	}
	if f, err := Parse(""); err != nil || len(f) != 0 {
		t.Errorf("nothing was read as %v, %v", f, err)
	}
}

func TestWhatIsNoFigureIsLeftOut(t *testing.T) {
	t.Parallel()
	f := Figures{}
	f.Set(Own, math.NaN())
	f.Set(Wait, -1)
	f.Set(Boot, limit)
	f.Set(Boot, math.Nextafter(limit, 0))
	f.Set("price", 1)
	if len(f) > 0 {
		t.Errorf("%v", f)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("wait=0 launch=12.3 own=0.411 month=100")
	f.Add("wait=1e9 boot=0x1p-2")
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := Parse(text); err == nil && got.String() != text {
			t.Fatalf("%q was read as %q", text, got)
		}
	})
}
