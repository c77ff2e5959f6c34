package distribute

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/lineage"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// TestLineageTellsOfCopies: a copy is listed beside the image that it was made of, and
// the chain leads up to the vendor's.
func TestLineageTellsOfCopies(t *testing.T) {
	_, source, _ := endpoint(t, world.Delays{})
	r := &rig{T: t, pp: &PostProcessor{}, ui: &recordingUI{}}
	file := filepath.Join(t.TempDir(), "lineage.json")
	out, _, _, err := r.run(t.Context(), amazonArtifact(home+":"+source), map[string]interface{}{
		"target":  []map[string]interface{}{{"regions": []string{eu, tokyo}}},
		"outputs": map[string]interface{}{"lineage": file},
	})
	if err != nil {
		t.Fatal(err)
	}
	images, err := parseID(out.Id())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got lineage.Document
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if len(got.Images) != 3 {
		t.Errorf("it does not tell of 3 images:\n%s", text)
	}
	for _, ref := range got.Images {
		if images[ref.Region] != ref.ID {
			t.Errorf("in %s it tells of %s, not of %s", ref.Region, ref.ID, images[ref.Region])
		}
	}
	if len(got.Chain) != 2 || got.Chain[0].ID != source || got.Chain[1].Owner != "136693071363" || !got.Recorded {
		t.Errorf("the chain does not lead from %s to the vendor's:\n%s", source, text)
	}
}

func TestLineageThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	source := r.cloud.AddImage(home, "web", "", nil)
	_, _, _, err := r.run(t.Context(), goldenArtifact(home+":"+source), map[string]interface{}{
		"target":  []map[string]interface{}{{"regions": []string{eu}}},
		"outputs": map[string]interface{}{"lineage": filepath.Join(t.TempDir(), "missing", "lineage.json")},
	})
	wantError(t, err, "outputs: lineage", "nothing was copied")
	if len(r.cloud.Images(eu)) != 0 {
		t.Error("copied all the same")
	}
}
