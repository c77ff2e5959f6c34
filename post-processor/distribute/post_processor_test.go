package distribute

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	registryimage "github.com/hashicorp/packer-plugin-sdk/packer/registry/image"
)

// amazonArtifact has the shape of amazon-ebs's.
func amazonArtifact(id string) *packersdk.MockArtifact {
	return &packersdk.MockArtifact{
		BuilderIdValue: "mitchellh.amazonebs", IdValue: id,
		StateValues: map[string]interface{}{
			"generated_data": map[string]interface{}{"SourceAMI": "ami-0source0", "BuildRegion": home},
			registryimage.ArtifactStateURI: []*registryimage.Image{{
				ImageID: id, ProviderName: "aws", ProviderRegion: home, SourceImageID: "ami-0source0", Labels: map[string]string{"os": "linux"},
			}},
		},
	}
}

func goldenArtifact(id string) *packersdk.MockArtifact {
	return &packersdk.MockArtifact{
		BuilderIdValue: "goldenami.ebs", IdValue: id,
		StateValues: map[string]interface{}{
			"goldenami": map[string]string{"family": "web", "tier": "full", "region": home, "run": "run-1"},
		},
	}
}

func twoTargets(file string) map[string]interface{} {
	return map[string]interface{}{
		"target":  []map[string]interface{}{{"regions": []string{eu, tokyo}, "kms_key_id": "alias/golden"}},
		"share":   map[string]interface{}{"accounts": []string{other}},
		"tags":    map[string]string{"team": "web"},
		"outputs": map[string]interface{}{"json": file},
	}
}

func TestDistributesArtifactsOfBothBuilders(t *testing.T) {
	t.Parallel()
	for name, artifact := range map[string]func(string) *packersdk.MockArtifact{"amazon-ebs": amazonArtifact, "goldenami-ebs": goldenArtifact} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			keys := map[string]string{eu: r.cloud.AddKey(eu, "alias/golden", nil), tokyo: r.cloud.AddKey(tokyo, "alias/golden", nil)}
			source := r.cloud.AddImage(home, "web", "", nil)
			file := filepath.Join(t.TempDir(), "images.json")
			out, keep, force, err := r.run(t.Context(), artifact(home+":"+source), twoTargets(file))
			if err != nil || !keep || !force {
				t.Fatalf("keep %v, force %v, error %v", keep, force, err)
			}
			if out.BuilderId() != "goldenami.distribute" || len(out.Files()) != 0 {
				t.Errorf("artifact of %q with files %v", out.BuilderId(), out.Files())
			}
			images, err := parseID(out.Id())
			if err != nil || images[home] != source || len(images) != 3 {
				t.Errorf("id %q: %v", out.Id(), err)
			}
			if !strings.HasPrefix(out.Id(), tokyo+":ami-") {
				t.Errorf("id is not sorted: %q", out.Id())
			}
			if s := out.String(); !strings.Contains(s, eu+": "+images[eu]+" (new)") || strings.Contains(s, source+" (new)") {
				t.Errorf("for people: %s", s)
			}
			r.checkOutputs(file, images, keys)
			checkRegistry(t, out, images)
			if left, _ := filepath.Glob(r.book + "/*"); len(left) != 0 {
				t.Errorf("a ledger is left: %v", left)
			}
			if name == "amazon-ebs" {
				generated := stringMap(out.State("generated_data"))
				if generated["SourceAMI"] != "ami-0source0" {
					t.Errorf("generated_data: %v", out.State("generated_data"))
				}
			} else if got := stringMap(out.State("goldenami")); got["family"] != "web" {
				t.Errorf("goldenami: %v", out.State("goldenami"))
			}
			if out.State("nonsense") != nil {
				t.Error("an unknown state is not nil")
			}
		})
	}
}

func (r *rig) checkOutputs(file string, images, keys map[string]string) {
	r.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		r.Fatal(err)
	}
	var got map[string]outputRegion
	if err := json.Unmarshal(data, &got); err != nil {
		r.Fatal(err)
	}
	if len(got) != 3 {
		r.Errorf("outputs: %s", data)
	}
	for region, o := range got {
		if o.Image != images[region] || len(o.Snapshots) != 2 || !slices.Equal(o.SharedWith, []string{other}) {
			r.Errorf("outputs of %s: %+v", region, o)
		}
		if key := keys[region]; key != "" && !slices.Equal(o.KMSKeys, []string{key}) {
			r.Errorf("keys of %s: %v", region, o.KMSKeys)
		}
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o644 {
		r.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Dir(file) + "/.*"); len(left) != 0 {
		r.Errorf("temporary files are left: %v", left)
	}
}

func checkRegistry(t *testing.T, a packersdk.Artifact, images map[string]string) {
	t.Helper()
	list, ok := plain(a.State(registryimage.ArtifactStateURI)).([]interface{})
	if !ok || len(list) != len(images) {
		t.Fatalf("registry metadata: %#v", a.State(registryimage.ArtifactStateURI))
	}
	for _, entry := range list {
		m, ok := entry.(map[string]interface{})
		if !ok {
			t.Fatalf("registry image: %#v", entry)
		}
		region, _ := m["ProviderRegion"].(string)
		if m["ImageID"] != images[region] || m["ProviderName"] != "aws" {
			t.Errorf("registry image: %v", m)
		}
		if a.State("generated_data") != nil && (m["SourceImageID"] != "ami-0source0" || stringMap(m["Labels"])["os"] != "linux") {
			t.Errorf("labels or source are lost: %v", m)
		}
	}
}

func TestSecondRunMakesNothingAndTakesItsOwnArtifact(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.cloud.AddKey(eu, "alias/golden", nil)
	r.cloud.AddKey(tokyo, "alias/golden", nil)
	config := twoTargets("")
	first, _, _, err := r.run(t.Context(), goldenArtifact(home+":"+r.cloud.AddImage(home, "web", "", nil)), config)
	if err != nil {
		t.Fatal(err)
	}
	id := first.Id()
	r.cloud.ForgetCalls()
	second, _, _, err := r.run(t.Context(), first, config)
	if err != nil {
		t.Fatal(err)
	}
	if second.Id() != id {
		t.Errorf("first %s, second %s", id, second.Id())
	}
	for _, c := range r.cloud.Calls() {
		if !strings.HasPrefix(c.Op, "Describe") && !strings.HasPrefix(c.Op, "Get") {
			t.Errorf("%s in %s", c.Op, c.Region)
		}
	}
	if strings.Contains(second.String(), "(new)") {
		t.Errorf("for people: %s", second)
	}
}

func TestSourceIsTheImageThatTheBuildMade(t *testing.T) {
	t.Parallel()
	id := eu + ":ami-0000000e," + tokyo + ":ami-0000000f," + home + ":ami-00000001"
	golden, amazon, plainOne := goldenArtifact(id), amazonArtifact(id), &packersdk.MockArtifact{BuilderIdValue: BuilderID, IdValue: id}
	again := amazonArtifact(id)
	again.StateValues[stateSource] = eu + ":ami-0000000e"
	for name, c := range map[string]struct {
		artifact     *packersdk.MockArtifact
		region, want string
	}{
		"goldenami-ebs says it":     {golden, tokyo, home},
		"amazon-ebs says it":        {amazon, tokyo, home},
		"an earlier run says it":    {again, tokyo, eu},
		"the option's Region":       {plainOne, eu, eu},
		"the first, as nobody says": {plainOne, "", tokyo},
		"option without an image":   {plainOne, "us-west-2", tokyo},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, err := readInput(c.artifact)
			if err != nil {
				t.Fatal(err)
			}
			if got := in.source(c.region).Region; got != c.want {
				t.Errorf("source in %s, want %s", got, c.want)
			}
		})
	}
}

func TestImagesOfTheBuilderInOtherRegionsAreShared(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	source, sibling := r.cloud.AddImage(home, "web", "", nil), r.cloud.AddImage(eu, "web", "", nil)
	out, _, _, err := r.run(t.Context(), amazonArtifact(eu+":"+sibling+","+home+":"+source), map[string]interface{}{
		"region": home, "share": map[string]interface{}{"accounts": []string{other}, "launch_only": true},
	})
	if err != nil {
		t.Fatal(err)
	}
	if out.Id() != eu+":"+sibling+","+home+":"+source {
		t.Errorf("id %q", out.Id())
	}
	shared := map[string]int{}
	for _, c := range r.cloud.Calls() {
		switch c.Op {
		case "CopyImage", "ModifySnapshotAttribute":
			t.Errorf("%s in %s", c.Op, c.Region)
		case "ModifyImageAttribute":
			shared[c.Region]++
		}
	}
	if !maps.Equal(shared, map[string]int{home: 1, eu: 1}) {
		t.Errorf("shared in %v", shared)
	}
}

func TestDestroyRemovesWhatWasMadeAndNothingElse(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	source := r.cloud.AddImage(home, "web", "", nil)
	sibling := r.cloud.AddImage(tokyo, "web", "", func(i *types.Image) {
		i.SourceImageId, i.SourceImageRegion = aws.String(source), aws.String(home)
	})
	out, _, _, err := r.run(t.Context(), goldenArtifact(home+":"+source), map[string]interface{}{
		"target": []map[string]interface{}{{"regions": []string{eu, tokyo}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Destroy(); err != nil {
		t.Fatal(err)
	}
	if len(r.cloud.Images(eu)) != 0 || len(r.cloud.Images(home)) != 1 || len(r.cloud.Images(tokyo)) != 1 {
		t.Errorf("left: %v %v %v", r.cloud.Images(eu), r.cloud.Images(home), sibling)
	}
	if err := out.Destroy(); err != nil {
		t.Errorf("a second time: %v", err)
	}
}
