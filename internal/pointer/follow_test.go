package pointer_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/pointer"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func TestFollowMakesWhatIsMissing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	images := r.image(home, away)
	moved := r.follow(images, wish())
	if len(moved) != 4 {
		t.Errorf("moved %+v", moved)
	}
	for region, id := range images {
		found, data := r.template(region)
		if found == nil || found.Default != 1 || aws.ToString(data.ImageId) != id {
			t.Fatalf("%s: template %+v starts %s", region, found, aws.ToString(data.ImageId))
		}
		if got, _ := base64.StdEncoding.DecodeString(aws.ToString(data.UserData)); string(got) != "#!/bin/sh\n" {
			t.Errorf("%s: user data %q", region, got)
		}
		if got := r.parameter(region); got != id {
			t.Errorf("%s: the parameter holds %q", region, got)
		}
		meta := r.meta(region, id)
		if want := (ami.TemplateVersion{ID: found.ID, Number: 1}); meta.LaunchTemplate != want || meta.Parameters != "/golden/web/full" {
			t.Errorf("%s: the image tells %+v and %q", region, meta.LaunchTemplate, meta.Parameters)
		}
	}
	before := len(r.Calls())
	if moved := r.follow(images, wish()); len(moved) != 0 || len(r.writes(before)) != 0 {
		t.Errorf("moved again: %+v, %v", moved, r.writes(before))
	}
}

// TestAVersionIsBasedOnTheDefault keeps what the user set in the template.
func TestAVersionIsBasedOnTheDefault(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	api := r.EC2(sandboxtest.Home, home)
	_, err := api.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("web-full"), LaunchTemplateData: &types.RequestLaunchTemplateData{InstanceType: types.InstanceTypeT3Small},
	})
	r.must(err)
	first, second := r.image(home), r.image(home)
	r.follow(first, wish())
	found, data := r.template(home)
	if found.Default != 2 || data.InstanceType != types.InstanceTypeT3Small || aws.ToString(data.ImageId) != first[home] {
		t.Fatalf("default %d: %+v", found.Default, data)
	}
	// A draft of the user's is newer than the default, and none of our business.
	_, err = api.CreateLaunchTemplateVersion(t.Context(), &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: &found.ID, SourceVersion: aws.String("2"), LaunchTemplateData: &types.RequestLaunchTemplateData{InstanceType: types.InstanceTypeT3Large},
	})
	r.must(err)
	r.follow(second, wish())
	if found, data = r.template(home); found.Default != 4 || data.InstanceType != types.InstanceTypeT3Small || aws.ToString(data.ImageId) != second[home] {
		t.Errorf("default %d: %+v", found.Default, data)
	}
	// Other user data is another version, with the image that it was.
	changed := wish()
	changed.Template.UserData = []byte("#!/bin/bash\n")
	r.follow(second, changed)
	if found, data = r.template(home); found.Default != 5 || aws.ToString(data.ImageId) != second[home] {
		t.Errorf("default %d: %+v", found.Default, data)
	}
}

func TestTheDefaultStaysWhereThatIsAsked(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first, second := r.image(home), r.image(home)
	r.follow(first, wish())
	kept := wish()
	kept.Template.KeepDefault = true
	r.follow(second, kept)
	if found, data := r.template(home); found.Default != 1 || found.Latest != 2 || aws.ToString(data.ImageId) != first[home] {
		t.Errorf("template %+v", found)
	}
	if got := r.meta(home, second[home]).LaunchTemplate.Number; got != 2 {
		t.Errorf("the image tells version %d", got)
	}
}

// TestTheNextRunRepairs what a run left that died between version and default.
func TestTheNextRunRepairs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first, second := r.image(home), r.image(home)
	r.follow(first, wish())
	found, _ := r.template(home)
	w := wish()
	_, err := pointer.AddVersion(t.Context(), r.EC2(sandboxtest.Home, home), found, 1, "died", &types.RequestLaunchTemplateData{
		ImageId: aws.String(second[home]), UserData: aws.String(base64.StdEncoding.EncodeToString(w.Template.UserData)),
	})
	r.must(err)
	r.follow(second, w)
	if found, data := r.template(home); found.Default != 2 || found.Latest != 2 || aws.ToString(data.ImageId) != second[home] {
		t.Errorf("template %+v starts %s", found, aws.ToString(data.ImageId))
	}
}

func TestTheSameVersionIsNotMadeTwice(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first, second := r.image(home), r.image(home)
	r.follow(first, wish())
	found, _ := r.template(home)
	for range 2 { // the second one asks as if EC2 did not show the first one's yet
		number, err := pointer.AddVersion(t.Context(), r.EC2(sandboxtest.Home, home), found, 1, "", &types.RequestLaunchTemplateData{ImageId: aws.String(second[home])})
		if err != nil || number != 2 {
			t.Errorf("version %d, %v", number, err)
		}
	}
}

// TestNothingMovesBeforeAllIsReady: a template of another tier in one Region, and the
// pointers of the other one stay.
func TestNothingMovesBeforeAllIsReady(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first, second := r.image(home, away), r.image(home, away)
	r.follow(first, wish())
	found, _ := r.template(away)
	_, err := r.EC2(sandboxtest.Home, away).CreateTags(t.Context(), &ec2.CreateTagsInput{
		Resources: []string{found.ID}, Tags: ami.EC2Tags(ami.Meta{Family: "web", Tier: ami.Hybrid}.OwnerTags()),
	})
	r.must(err)
	moved, err := r.mover.Follow(t.Context(), second, wish())
	if err == nil || !strings.Contains(err.Error(), "launch template of its own") || len(moved) != 0 {
		t.Errorf("moved %+v, %v", moved, err)
	}
	if _, data := r.template(home); aws.ToString(data.ImageId) != first[home] || r.parameter(home) != first[home] {
		t.Error("the pointers at home were moved")
	}
}

func TestASecretIsNotOverwritten(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	_, err := r.SSM(sandboxtest.Home, home).PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: aws.String("/golden/web/full"), Value: aws.String("secret"), Type: ssmtypes.ParameterTypeSecureString,
	})
	r.must(err)
	if _, err := r.mover.Follow(t.Context(), r.image(home), wish()); err == nil || !strings.Contains(err.Error(), "SecureString") || strings.Contains(err.Error(), "secret;") {
		t.Errorf("error %v", err)
	}
}

func TestUndo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first, second := r.image(home), r.image(home)
	made := r.follow(first, wish())
	moved := r.follow(second, wish())
	for range 2 { // it can be repeated
		r.must(r.mover.Undo(t.Context(), moved))
	}
	found, data := r.template(home)
	if found.Default != 1 || found.Latest != 1 || aws.ToString(data.ImageId) != first[home] || r.parameter(home) != first[home] {
		t.Errorf("template %+v, parameter %s", found, r.parameter(home))
	}
	r.must(r.mover.Undo(t.Context(), made))
	if found, _ := r.template(home); found != nil || r.parameter(home) != "" {
		t.Errorf("what was made is there: %+v, %q", found, r.parameter(home))
	}
}

// TestUndoLeavesWhatSomebodyMoved: the user has led the pointers elsewhere since.
func TestUndoLeavesWhatSomebodyMoved(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first, second, third := r.image(home), r.image(home), r.image(home)
	r.follow(first, wish())
	moved := r.follow(second, wish())
	r.follow(third, wish())
	r.must(r.mover.Undo(t.Context(), moved))
	if _, data := r.template(home); aws.ToString(data.ImageId) != third[home] || r.parameter(home) != third[home] {
		t.Error("the pointers were moved")
	}
}
