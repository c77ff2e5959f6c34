package ebs

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func TestBuildMakesTheImageAndNothingElse(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.build(r.with(fields{
		"run_tags": map[string]string{"team": "web"}, "tags": map[string]string{"Name": "from {{ .SourceAMIName }}"},
		"ami_description": "of {{ .BuildRegion }}",
	}))
	if len(a.Images) != 1 || a.Id() != region+":"+a.Images[region] {
		t.Fatalf("artifact %q", a.Id())
	}
	image := r.image(region, a.Images[region])
	tags := map[string]string{}
	for _, tag := range image.Tags {
		tags[*tag.Key] = *tag.Value
	}
	if tags["team"] != "web" || tags["Name"] != "from al2023-ami-2023.9.20261102.0-kernel-6.1-x86_64" {
		t.Errorf("tags %v", tags)
	}
	if aws.ToString(image.Description) != "of "+region {
		t.Errorf("description %q", aws.ToString(image.Description))
	}
	if left := r.leftovers(region); len(left) > 0 {
		t.Errorf("left behind: %v\n%s", left, r.output)
	}
	for _, c := range r.Calls() {
		if c.Action == "CreateImage" && c.Params["TagSpecification.1.ResourceType"] == "" {
			t.Errorf("image and snapshots were made without tags: %v", c.Params)
		}
	}
}

func TestBuildEncryptsAtLaunch(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.build(r.with(fields{"encrypt_boot": true}))
	image := r.image(region, a.Images[region])
	if !aws.ToBool(image.BlockDeviceMappings[0].Ebs.Encrypted) {
		t.Error("the image is not encrypted")
	}
	if n := r.count("CopyImage"); n != 0 {
		t.Errorf("%d copies were made of an image that could be encrypted at launch", n)
	}
}

func TestBuildCopiesToEachRegion(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.build(r.with(fields{"ami_regions": []string{"eu-central-1", region, "us-east-1"}, "ami_users": []string{"111122223333"}}))
	if len(a.Images) != 3 {
		t.Fatalf("artifact %q", a.Id())
	}
	for where, id := range a.Images {
		if image := r.image(where, id); image.State != types.ImageStateAvailable || aws.ToString(image.Name) != "app-1" {
			t.Errorf("%s in %s: %s %q", id, where, image.State, aws.ToString(image.Name))
		}
	}
	if err := a.Destroy(); err != nil {
		t.Fatalf("destroy: %v", err)
	}
	if err := a.Destroy(); err != nil {
		t.Fatalf("destroy again: %v", err)
	}
	for where := range a.Images {
		if left := r.images(where); len(left) > 0 {
			t.Errorf("%s still has %v", where, left)
		}
	}
}

func TestBuildKeepsNothingInTheBuildRegion(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.build(r.with(fields{"ami_regions": []string{"us-east-1"}, "skip_save_build_region": true}))
	if a.Images[region] != "" || a.Images["us-east-1"] == "" {
		t.Fatalf("artifact %q", a.Id())
	}
	if left := r.images(region); len(left) > 0 {
		t.Errorf("%s still has %v", region, left)
	}
}

func TestBuildWithoutAnImage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if a := r.build(r.with(fields{"skip_create_ami": true})); a != nil {
		t.Fatalf("artifact %q", a.Id())
	}
	if r.count("CreateImage") != 0 || len(r.leftovers(region)) != 0 {
		t.Errorf("made or left something: %v", r.leftovers(region))
	}
}

func TestForceDeregisterReplacesWhenTheNewImageIsGood(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	old := r.build(r.with(nil))
	if _, err := r.run(t.Context(), r.with(nil)); err == nil {
		t.Fatal("a name that is taken was accepted")
	}
	if n := r.count("RunInstances"); n != 1 {
		t.Errorf("%d instances were launched, although the second build could not end well", n)
	}
	fresh := r.build(r.with(fields{"force_deregister": true, "force_delete_snapshot": true}))
	if fresh.Images[region] == old.Images[region] {
		t.Fatal("the image was not replaced")
	}
	if left := r.images(region); len(left) != 2 { // the new image and its snapshot
		t.Errorf("%s has %v", region, left)
	}
	gone, available := -1, -1
	for i, c := range r.Calls() {
		switch {
		case c.Action == "DeregisterImage" && c.Params["ImageId"] == old.Images[region]:
			gone = i
		case c.Action == "CreateImage":
			available = i
		}
	}
	if gone < available {
		t.Error("the old image went before the new one was made")
	}
}
