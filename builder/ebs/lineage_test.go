package ebs

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/hashicorp/packer-plugin-sdk/multistep"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/lineage"
)

func TestAnImageOfAnotherParentIsBad(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.sent.answer("GetImageAncestry", func(body string) string {
		id := body[strings.Index(body, "ImageId=")+len("ImageId="):]
		id, _, _ = strings.Cut(id, "\n")
		return "<GetImageAncestryResponse><imageAncestryEntrySet><item><imageId>" + id +
			"</imageId><sourceImageId>ami-0fedcba9876543210</sourceImageId></item></imageAncestryEntrySet></GetImageAncestryResponse>"
	})
	_, err := r.run(t.Context(), r.tier("os-only", fields{"on_failure": "keep-images"}))
	if err == nil || !strings.Contains(err.Error(), "was made of ami-0fedcba9876543210") {
		t.Fatalf("error %v\n%s", err, r.output)
	}
	for _, id := range r.images(region) {
		if !strings.HasPrefix(id, "ami-") {
			continue
		}
		if meta, ok := ami.Parse(r.image(region, id).Tags); !ok || meta.State != ami.Bad {
			t.Errorf("%s is %q", id, meta.State)
		}
	}
	if r.count("CreateImage") != 1 {
		t.Error("no image was made")
	}
}

func TestAncestryThatCannotBeReadIsAWarning(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"UnauthorizedOperation You are not authorized", "InvalidAction The action is not valid"} {
		r := newRig(t)
		r.sent.refuse("GetImageAncestry", answer)
		file := filepath.Join(t.TempDir(), "lineage.json")
		a := r.build(r.tier("os-only", fields{"lineage_file": file}))
		code, _, _ := strings.Cut(answer, " ")
		if out := r.output.String(); strings.Count(out, "Warning: the lineage") != 2 || !strings.Contains(out, code) {
			t.Errorf("%s: the user saw\n%s", code, out)
		}
		got := readLineage(t, file)
		if got.Recorded || len(got.Chain) != 2 || got.Chain[0].ID != a.Images[region] || got.Chain[0].SourceFrom != lineage.FromImage {
			t.Errorf("%s: the file says %+v", code, got)
		}
	}
}

func readLineage(t *testing.T, file string) lineage.Document {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got lineage.Document
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestLineageFileTellsOfCopiesAndAfterReuse(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	file := filepath.Join(t.TempDir(), "lineage.json")
	options := fields{"lineage_file": file, "ami_regions": []string{"us-east-1"}, "ami_name": "web-base", "force_deregister": true}
	r.build(r.tier("os-only", options))
	options["rebuild"] = "always" // its name is taken now, so that the image of the instance is an intermediary
	a := r.build(r.tier("os-only", options))
	first, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := readLineage(t, file)
	if len(got.Images) != 2 || got.Images[0] != (lineage.Ref{Region: region, ID: a.Images[region]}) || got.Images[1].ID != a.Images["us-east-1"] {
		t.Errorf("images %+v, not %v", got.Images, a.Images)
	}
	if n := len(got.Chain); n != 3 || got.Chain[0].ID != a.Images[region] || got.Chain[1].Name != "" || got.Chain[n-1].ID != got.Chain[0].Parent || !got.Recorded {
		t.Errorf("chain %+v", got.Chain)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	delete(options, "rebuild")
	if again := r.build(r.tier("os-only", options)); !again.Reused {
		t.Fatal("the image was not used again")
	}
	if second, err := os.ReadFile(file); err != nil || !bytes.Equal(first, second) {
		t.Errorf("after reuse the file says\n%s\nand before\n%s\n%v", second, first, err)
	}
}

func TestLineageFileIsChecked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for want, options := range map[string]fields{
		"needs family":     (*rig)(nil).with(fields{"lineage_file": filepath.Join(dir, "x.json")}),
		"does not exist":   layered(fields{"lineage_file": filepath.Join(dir, "none", "x.json")}),
		"is a folder":      layered(fields{"lineage_file": dir}),
		"skip_create_ami;": layered(fields{"lineage_file": filepath.Join(dir, "x.json"), "skip_create_ami": true}),
	} {
		var c Config
		if _, err := c.prepare(plain(options)); err == nil || !strings.Contains(err.Error(), "lineage_file: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func manifestRig(t *testing.T, baseTier string) (*build, *machine) {
	t.Helper()
	b, m := stagesRig(t, baseTier)
	b.meta = &ami.Meta{Family: "web", Tier: ami.Hybrid, Version: "v1", Parent: "ami-1", Root: "ami-0"}
	return b, m
}

// written gives the manifest that a machine was sent.
func written(t *testing.T, m *machine) string {
	t.Helper()
	for _, text := range m.uploads {
		return text
	}
	t.Fatal("nothing was uploaded")
	return ""
}

func TestManifestIsWrittenAsRoot(t *testing.T) {
	t.Parallel()
	b, m := manifestRig(t, "os-only")
	m.prints = map[string]string{
		"cat " + lineage.ManifestFile: `{"schema":1,"stages":[{"name":"patch","tier":"os-only","sha256":"` + strings.Repeat("a", 64) + `"}]}`,
		"for f in":                    "patch " + strings.Repeat("c", 64) + "\njava " + b.cfg.stages[1].Hash() + "\n",
	}
	if action := (stepWriteManifest{b}).Run(t.Context(), b.state); action != multistep.ActionContinue {
		t.Fatal(b.state.Get("error"))
	}
	text := written(t, m)
	for _, want := range []string{
		"chmod 0644", "chown 0:0", "mv -f", `"patch"`, strings.Repeat("c", 64), `"java"`, b.cfg.stages[1].Hash(), `"tier": "os-only"`, `"version": "v1"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the program lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "s3cret") || strings.Contains(text, `"app"`) {
		t.Errorf("the manifest holds what is not in the image:\n%s", text)
	}
	if last := m.commands[len(m.commands)-1]; !strings.HasPrefix(last, "rm -rf /tmp/goldenami-manifest-run-1") {
		t.Errorf("the last command is %q", last)
	}
}

func TestManifestOfAnImageWithoutAParent(t *testing.T) {
	t.Parallel()
	b, m := manifestRig(t, "")
	m.prints = map[string]string{
		"cat " + lineage.ManifestFile: `{"schema":1,"stages":[{"name":"theirs","sha256":"a"}]}`,
		"for f in":                    "theirs " + strings.Repeat("c", 64) + "\n",
	}
	if action := (stepWriteManifest{b}).Run(t.Context(), b.state); action != multistep.ActionContinue {
		t.Fatal(b.state.Get("error"))
	}
	if text := written(t, m); strings.Contains(text, "theirs") || !strings.Contains(text, `"patch"`) || !strings.Contains(text, `"java"`) {
		t.Errorf("it says\n%s", text)
	}
}

func TestManifestOnWindows(t *testing.T) {
	t.Parallel()
	b, m := manifestRig(t, "os-only")
	b.source.Platform = types.PlatformValuesWindows
	m.prints = map[string]string{"Get-Content": `{"schema":1,"stages":[{"name":"patch","tier":"os-only","sha256":"` + strings.Repeat("a", 64) + `"}]}`}
	if action := (stepWriteManifest{b}).Run(t.Context(), b.state); action != multistep.ActionContinue {
		t.Fatal(b.state.Get("error"))
	}
	if got := lineage.ParseManifest([]byte(m.uploads[lineage.WindowsManifestFile])); len(got.Stages) != 2 || got.Stages[1].Name != "java" {
		t.Errorf("uploaded %v", m.uploads)
	}
	if all := strings.Join(m.commands, "\n"); !strings.Contains(all, `New-Item -ItemType Directory -Force 'C:\ProgramData\goldenami'`) || strings.Contains(all, "/etc") {
		t.Errorf("commands\n%s", all)
	}
}

func TestManifestThatCannotBeWrittenIsSaid(t *testing.T) {
	t.Parallel()
	b, m := manifestRig(t, "os-only")
	m.failAt = "manifest.sh"
	said := func() string { return b.ui.(*packersdk.BasicUi).Writer.(*output).String() }
	if action := (stepWriteManifest{b}).Run(t.Context(), b.state); action != multistep.ActionContinue || !strings.Contains(said(), "Warning: the image has no manifest") {
		t.Errorf("action %v, the user saw\n%s", action, said())
	}
	b.state.Remove("communicator")
	if action := (stepWriteManifest{b}).Run(t.Context(), b.state); action != multistep.ActionContinue || !strings.Contains(said(), "left out of the image") {
		t.Errorf("action %v, the user saw\n%s", action, said())
	}
}
