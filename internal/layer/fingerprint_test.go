package layer

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

func sampleInputs(t *testing.T) Inputs {
	t.Helper()
	stages, err := stage.Load([]stage.Stage{
		{Name: "patch", Tier: ami.OSOnly, Inline: []string{"dnf -y upgrade"}},
		{Name: "java", Tier: ami.Hybrid, Inline: []string{"dnf -y install java"}, Environment: map[string]string{"V": "21"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return Inputs{
		Tier: ami.Hybrid, Architecture: "x86_64",
		Config: map[string]any{"boot_mode": "uefi", "volumes": []any{map[string]any{"size": 8}}},
		Stages: stages,
		Files:  []File{{Path: "a", SHA256: "11"}, {Path: "b", Exec: true, SHA256: "22"}},
		Values: map[string]string{"app": "1.2", "base": "3"},
	}
}

func sum(t *testing.T, in Inputs) Sum {
	t.Helper()
	s, err := in.Sum()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestGoldenVectors holds what images in the field are tagged with: a change
// here rebuilds all of them and needs a new epoch.
func TestGoldenVectors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in                  Inputs
		inputs, fingerprint string
	}{
		"empty":  {Inputs{}, "v1:31dc34e02c2062e2514b6423d589962c2ef76593f8542704aa070508e341e55c:c356bb715ca642bef:se15568a26b317983:f4db2b26b3ed92957:v52c76a01ab0737b5", "0795d0116909eab20426fd3b02eaf6f9829a0d2e0e0cade1061da15fff4321b0"},
		"sample": {sampleInputs(t), "v1:fbbc8164cde0a06b7c2f7c58c01c7c10c42d8f3c635e9228b75bf884da6dc7f5:cade74fd1dff35aa7:sd607686e9385a484:fcfad14ea4e6a4655:v13304c766c2fb407", "fc771f04805f456a83e488720f13050e94f4b1fa1dee9d7179ccb63dba8cb162"},
	} {
		s := sum(t, c.in)
		if s.String() != c.inputs || s.Fingerprint("ami-1") != c.fingerprint {
			t.Errorf("%s: %s %s", name, s, s.Fingerprint("ami-1"))
		}
	}
}

func TestSumNamesWhatChanged(t *testing.T) {
	t.Parallel()
	base := sampleInputs(t)
	before := sum(t, base)
	seen := map[string]string{before.Total: "base"}
	for _, c := range []struct {
		name, part string
		change     func(*Inputs)
	}{
		{"architecture", "config", func(in *Inputs) { in.Architecture = "arm64" }},
		{"tier", "config", func(in *Inputs) { in.Tier = ami.Full }},
		{"option", "config", func(in *Inputs) { in.Config = map[string]any{"boot_mode": "bios"} }},
		{"stages swapped", "stages", func(in *Inputs) { in.Stages = []stage.Stage{in.Stages[1], in.Stages[0]} }},
		{"stage gone", "stages", func(in *Inputs) { in.Stages = in.Stages[:1] }},
		{"content", "files", func(in *Inputs) { in.Files = []File{{Path: "a", SHA256: "12"}, {Path: "b", Exec: true, SHA256: "22"}} }},
		{"contents swapped", "files", func(in *Inputs) { in.Files = []File{{Path: "a", SHA256: "22"}, {Path: "b", Exec: true, SHA256: "11"}} }},
		{"exec bit", "files", func(in *Inputs) { in.Files = []File{{Path: "a", SHA256: "11"}, {Path: "b", SHA256: "22"}} }},
		{"renamed", "files", func(in *Inputs) { in.Files = []File{{Path: "c", SHA256: "11"}, {Path: "b", Exec: true, SHA256: "22"}} }},
		{"value", "values", func(in *Inputs) { in.Values = map[string]string{"app": "1.3", "base": "3"} }},
		{"values joined", "values", func(in *Inputs) { in.Values = map[string]string{"app": "1.2base3"} }},
	} {
		in := base
		c.change(&in)
		s := sum(t, in)
		if got := s.Changed(before); !slices.Equal(got, []string{c.part}) {
			t.Errorf("%s: changed %v, want %s", c.name, got, c.part)
		}
		if seen[s.Total] != "" || s.Fingerprint("x") == before.Fingerprint("x") {
			t.Errorf("%s hashes like %s", c.name, seen[s.Total])
		}
		seen[s.Total] = c.name
	}
	if before.Fingerprint("v1") == before.Fingerprint("v2") {
		t.Error("another base has the same fingerprint")
	}
}

func TestSumIgnoresOrderAndEmptyOptions(t *testing.T) {
	t.Parallel()
	base := sampleInputs(t)
	before := sum(t, base)
	rapid.Check(t, func(rt *rapid.T) {
		in := base
		in.Files = rapid.Permutation(append(slices.Clone(base.Files), base.Files...)).Draw(rt, "files")
		in.Config = map[string]any{"volumes": []map[string]int{{"size": 8}}, "boot_mode": "uefi", "empty": rapid.SampledFrom([]any{
			nil, "", []string(nil), []string{}, map[string]string{}, map[string]any{"deep": ""}, struct{ A string }{},
		}).Draw(rt, "empty")}
		if got, err := in.Sum(); err != nil || got != before {
			rt.Fatalf("got %s, %v, want %s", got, err, before)
		}
	})
	for _, meaningful := range []any{false, 0, "x", []string{""}} {
		in := base
		in.Config = map[string]any{"boot_mode": "uefi", "volumes": []any{map[string]any{"size": 8}}, "more": meaningful}
		if sum(t, in) == before {
			t.Errorf("option %v has no effect", meaningful)
		}
	}
	if _, err := (Inputs{Config: map[string]any{"f": func() {}}}).Sum(); err == nil {
		t.Error("a function was hashed")
	}
}

func TestParseSum(t *testing.T) {
	t.Parallel()
	s := sum(t, sampleInputs(t))
	text := s.String()
	if got, ok := ParseSum(text); !ok || got != s || len(text) > 256 {
		t.Errorf("%d characters, got %+v, %v", len(text), got, ok)
	}
	for _, bad := range []string{"", "v1", text + ":", strings.Replace(text, "v1", "v2", 1), strings.ToUpper(text), text[:len(text)-1], strings.Replace(text, ":c", ":d", 1)} {
		if got, ok := ParseSum(bad); ok {
			t.Errorf("%q parsed as %+v", bad, got)
		}
	}
}
