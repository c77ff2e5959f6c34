package layer

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

func itemsOf(t *testing.T, in Inputs) Items {
	t.Helper()
	items, err := in.Items()
	if err != nil {
		t.Fatal(err)
	}
	return items
}

// TestItemsGoldenVector holds what tags of images in the field say.
func TestItemsGoldenVector(t *testing.T) {
	t.Parallel()
	if got := itemsOf(t, sampleInputs(t)).String(); got != "1:c1lqk5rOvdFNI:sBH-kJEf0_qsH:vWPmlA8QzohfL:fQWLzcVbwWq9f" {
		t.Error(got)
	}
}

func TestItemsNameWhatChanged(t *testing.T) {
	t.Parallel()
	before := itemsOf(t, sampleInputs(t)).String()
	for name, c := range map[string]struct {
		change     func(*Inputs)
		part, want string
	}{
		"nothing":       {func(*Inputs) {}, "stages", ""},
		"an option":     {func(in *Inputs) { in.Config = map[string]any{"boot_mode": "bios", "volumes": in.Config["volumes"]} }, "config", "boot_mode"},
		"an option off": {func(in *Inputs) { in.Config = map[string]any{"boot_mode": "uefi", "volumes": ""} }, "config", "1 gone"},
		"a stage": {func(in *Inputs) {
			in.Stages = slices.Clone(in.Stages)
			in.Stages[1].Environment = map[string]string{"V": "25"}
		}, "stages", "java"},
		"stages swapped": {func(in *Inputs) { in.Stages = []stage.Stage{in.Stages[1], in.Stages[0]} }, "stages", ""},
		"files":          {func(in *Inputs) { in.Files = []File{{Path: "a", SHA256: "12"}, {Path: "c", SHA256: "22"}} }, "files", "a, c, 1 gone"},
		"the exec bit": {func(in *Inputs) {
			in.Files = []File{{Path: "a", Exec: true, SHA256: "11"}, {Path: "b", Exec: true, SHA256: "22"}}
		}, "files", "a"},
		"many values": {func(in *Inputs) {
			in.Values = map[string]string{"app": "1", "b": "", "c": "", "d": "", "e": ""}
		}, "values", "app, b, c, +2 more, 1 gone"},
	} {
		in := sampleInputs(t)
		c.change(&in)
		if got := itemsOf(t, in).Changed(c.part, before); got != c.want {
			t.Errorf("%s: %q, not %q", name, got, c.want)
		}
	}
	for _, text := range []string{"", "2:sabc", "1:sabcde", "1:", "v1:x"} {
		if got := itemsOf(t, sampleInputs(t)).Changed("stages", text); got != "" {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestItemsFitATag(t *testing.T) {
	t.Parallel()
	in := sampleInputs(t)
	for n := range 100 {
		in.Files = append(in.Files, File{Path: strconv.Itoa(n), SHA256: "1"})
	}
	text := itemsOf(t, in).String()
	if len(text) > 256 || strings.Contains(text, ":f") || !strings.Contains(text, ":s") {
		t.Errorf("%d characters: %s", len(text), text)
	}
}

func TestTheSentenceNamesWhatChanged(t *testing.T) {
	t.Parallel()
	q := current(t, ami.Full)
	in := sampleInputs(t)
	q.Current.Items = itemsOf(t, in).String()
	in.Values = map[string]string{"app": "1.3", "base": "3"}
	q.Sum, q.Items = sum(t, in), itemsOf(t, in)
	if d := Decide(q); !strings.Contains(d.Sentence, "its values (app) changed since ami-c") {
		t.Error(d.Sentence)
	}
}
