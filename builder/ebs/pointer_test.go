package ebs

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

const parameter = "/golden/web/full"

// followed gives the options of a tier whose image is followed.
func (r *rig) followed(more fields) fields {
	options := fields{
		"launch_template": fields{"name": "web-base", "tags": map[string]string{"team": "blue"}},
		"ssm_parameter":   []fields{{"name": parameter}},
	}
	for key, value := range more {
		options[key] = value
	}
	return r.tier("os-only", options)
}

// template gives the launch template of the tests and the data of its default version.
func (r *rig) template(region string) (types.LaunchTemplate, types.ResponseLaunchTemplateData) {
	r.t.Helper()
	api := r.EC2(sandboxtest.Home, region)
	found, err := api.DescribeLaunchTemplates(r.t.Context(), &ec2.DescribeLaunchTemplatesInput{LaunchTemplateNames: []string{"web-base"}})
	if err != nil {
		r.t.Fatal(err)
	}
	out, err := api.DescribeLaunchTemplateVersions(r.t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateName: aws.String("web-base"), Versions: []string{"$Default"},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return found.LaunchTemplates[0], *out.LaunchTemplateVersions[0].LaunchTemplateData
}

func (r *rig) parameter(region string) string {
	r.t.Helper()
	out, err := r.SSM(sandboxtest.Home, region).GetParameter(r.t.Context(), &ssm.GetParameterInput{Name: aws.String(parameter)})
	if err != nil {
		r.t.Fatal(err)
	}
	return *out.Parameter.Value
}

func (r *rig) meta(region, id string) ami.Meta {
	r.t.Helper()
	meta, ok := ami.Parse(r.image(region, id).Tags)
	if !ok {
		r.t.Fatalf("the tags of %s do not parse", id)
	}
	return meta
}

// onlyReads fails for a call since a moment that changes anything.
func (r *rig) onlyReads(since int) {
	r.t.Helper()
	for _, c := range r.Calls()[since:] {
		if !strings.HasPrefix(c.Action, "Describe") && !strings.HasPrefix(c.Action, "Get") {
			r.t.Errorf("%s was called although all was true already", c.Action)
		}
	}
}

func TestPointersFollowTheImage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.prepared(r.followed(fields{"ami_regions": []string{"us-east-1"}}))
	var err error // no guest of the rig can be logged into, so no option says what stages there are
	if b.config.stages, err = stage.Load([]stage.Stage{{Name: "patch", Tier: ami.Hybrid, Inline: []string{"true"}}}); err != nil {
		t.Fatal(err)
	}
	out, err := b.Run(t.Context(), r.ui(), r.hook)
	if err != nil {
		t.Fatalf("%v\n%s", err, r.output)
	}
	a := out.(*Artifact)
	want, err := b.config.firstBootData()
	if err != nil {
		t.Fatal(err)
	}
	for region, id := range a.Images {
		template, data := r.template(region)
		if got, _ := base64.StdEncoding.DecodeString(aws.ToString(data.UserData)); aws.ToString(data.ImageId) != id || len(want) == 0 || !bytes.Equal(got, want) {
			t.Errorf("%s: the template starts %s with %q", region, aws.ToString(data.ImageId), got)
		}
		tags := map[string]string{}
		for _, tag := range template.Tags {
			tags[*tag.Key] = *tag.Value
		}
		if tags["team"] != "blue" || tags[ami.TagPrefix+"tier"] != "os-only" {
			t.Errorf("%s: tags %v", region, tags)
		}
		if got := r.parameter(region); got != id {
			t.Errorf("%s: the parameter holds %s, not %s", region, got, id)
		}
		if got := r.meta(region, id); got.LaunchTemplate.ID != *template.LaunchTemplateId || got.Parameters != parameter {
			t.Errorf("%s: the image tells %+v", region, got)
		}
	}
	if left := r.leftovers(region); len(left) != 1 || !strings.HasPrefix(left[0], "lt-") {
		t.Errorf("left: %v", left)
	}
}

func TestPointersThatAreRightCostReadsOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.build(r.followed(fields{"ami_regions": []string{"us-east-1"}}))
	before := len(r.Calls())
	second := r.build(r.followed(fields{"ami_regions": []string{"us-east-1"}}))
	if !second.Reused || second.Id() != first.Id() {
		t.Errorf("%s became %s", first.Id(), second.Id())
	}
	r.onlyReads(before)
	// Somebody leads the template elsewhere, and a run without changes leads it back.
	other := r.build(r.with(nil))
	_, err := r.EC2(sandboxtest.Home, region).CreateLaunchTemplateVersion(t.Context(), &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateName: aws.String("web-base"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String(other.Images[region])},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.EC2(sandboxtest.Home, region).ModifyLaunchTemplate(t.Context(), &ec2.ModifyLaunchTemplateInput{
		LaunchTemplateName: aws.String("web-base"), DefaultVersion: aws.String("2"),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.build(r.followed(fields{"ami_regions": []string{"us-east-1"}}))
	if template, data := r.template(region); *template.DefaultVersionNumber != 1 || aws.ToString(data.ImageId) != first.Images[region] {
		t.Errorf("default %d starts %s", *template.DefaultVersionNumber, aws.ToString(data.ImageId))
	}
}

// TestAnImageStaysWhenAPointerCannotMove: the parameter leads to it already.
func TestAnImageStaysWhenAPointerCannotMove(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.build(r.followed(nil))
	r.sent.refuse("ModifyLaunchTemplate", "UnauthorizedOperation You are not authorized to perform this operation.")
	change := fields{"rebuild": "always"}
	if _, err := r.run(t.Context(), r.followed(change)); err == nil || !strings.Contains(err.Error(), "good and stay") {
		t.Fatalf("error %v", err)
	}
	id := r.parameter(region)
	if id == first.Images[region] || r.image(region, id).State != types.ImageStateAvailable || r.meta(region, id).State != ami.Good {
		t.Errorf("the parameter leads to %s", id)
	}
	r.sent.refuse("ModifyLaunchTemplate", "")
	if a := r.build(r.followed(nil)); a.Images[region] != id || !a.Reused {
		t.Errorf("the next run gave %s", a.Id())
	}
	if template, data := r.template(region); *template.LatestVersionNumber != 2 || aws.ToString(data.ImageId) != id {
		t.Errorf("the template starts %s", aws.ToString(data.ImageId))
	}
}

// TestANewTemplateGoesWithAFailedBuild: the image is good and stays, and what this
// build made to lead to it is made again by the next one.
func TestANewTemplateGoesWithAFailedBuild(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.sent.refuse("PutParameter", "AccessDeniedException no")
	if _, err := r.run(t.Context(), r.followed(nil)); err == nil {
		t.Fatal("the build ended well")
	}
	if left := r.leftovers(region); len(left) != 0 || len(r.images(region)) != 2 {
		t.Errorf("left: %v, images %v", left, r.images(region))
	}
}

func TestATemplateOfAnotherTierIsToldBeforeTheLaunch(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.build(r.followed(nil))
	launched := r.count("RunInstances")
	options := r.followed(fields{"tier": "hybrid", "rebuild": "always"})
	if _, err := r.run(t.Context(), options); err == nil || !strings.Contains(err.Error(), "launch template of its own") {
		t.Errorf("error %v", err)
	}
	if r.count("RunInstances") != launched {
		t.Error("an instance was launched")
	}
}

// TestDestroyLeadsPointersBack: Packer throws the artifact away when a post-processor
// fails, and machines go on starting.
func TestDestroyLeadsPointersBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.build(r.followed(nil))
	second := r.build(r.followed(fields{"rebuild": "always"}))
	for range 2 {
		if err := second.Destroy(); err != nil {
			t.Fatal(err)
		}
	}
	template, data := r.template(region)
	if aws.ToString(data.ImageId) != first.Images[region] || *template.LatestVersionNumber != 1 || r.parameter(region) != first.Images[region] {
		t.Errorf("the template starts %s, the parameter holds %s", aws.ToString(data.ImageId), r.parameter(region))
	}
	if got := len(r.images(region)); got != 2 {
		t.Errorf("%d images and snapshots, not 2", got)
	}
	third := r.build(r.followed(fields{"rebuild": "always"}))
	r.sent.refuse("ModifyLaunchTemplate", "UnauthorizedOperation no")
	if err := third.Destroy(); err == nil || r.image(region, third.Images[region]).State != types.ImageStateAvailable {
		t.Errorf("destroyed with %v", err)
	}
}

func TestPointerOptionsAreChecked(t *testing.T) {
	t.Parallel()
	template := func(f fields) fields { return fields{"launch_template": f} }
	parameters := func(f ...fields) fields { return fields{"ssm_parameter": f} }
	long := strings.Repeat("x", 256)
	for name, tc := range map[string]struct {
		options fields
		want    string
	}{
		"a template without a name":      {template(fields{"name": ""}), "launch_template: name"},
		"a template's short name":        {template(fields{"name": "ab"}), "3 to 128"},
		"a template's name with a space": {template(fields{"name": "web full"}), "3 to 128"},
		"a long description":             {template(fields{"name": "web", "version_description": long}), "version_description"},
		"AWS's own tag":                  {template(fields{"name": "web", "tags": map[string]string{"aws:x": "y"}}), "aws:"},
		"our own tag":                    {template(fields{"name": "web", "tags": map[string]string{"goldenami:tier": "y"}}), "goldenami:"},
		"a parameter without a name":     {parameters(fields{"name": ""}), "ssm_parameter: name"},
		"a parameter of AWS":             {parameters(fields{"name": "/aws/x"}), "keeps names"},
		"a parameter twice":              {parameters(fields{"name": "/a/b"}, fields{"name": "/a/b"}), "twice"},
		"a parameter without its slash":  {parameters(fields{"name": "a/b"}), "before each level"},
		"a deep parameter":               {parameters(fields{"name": strings.Repeat("/a", 16)}), "levels"},
		"parameters that fill the tag":   {parameters(fields{"name": "/" + long[:200]}, fields{"name": "/b" + long[:200]}), "tag that lists them"},
		"no family":                      {fields{"launch_template": fields{"name": "web"}, "family": nil, "tier": nil, "inputs": nil, "ami_name": "x-1"}, "needs family"},
		"no image":                       {fields{"launch_template": fields{"name": "web"}, "skip_create_ami": true}, "skip_create_ami"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := (*rig)(nil).tier("os-only", tc.options)
			_, _, err := new(Builder).Prepare(plain((*rig)(nil).with(options)))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v does not tell %q", err, tc.want)
			}
		})
	}
}

// TestTheImagesStayWhenMovingIsCancelled, because a pointer may lead to them.
func TestTheImagesStayWhenMovingIsCancelled(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	r.sent.notice("PutParameter", func() { cancel(errors.New("Ctrl-C")) })
	if _, err := r.run(ctx, r.followed(nil)); err == nil {
		t.Fatal("the build ended well")
	}
	if a := r.build(r.followed(nil)); !a.Reused || r.parameter(region) != a.Images[region] {
		t.Errorf("the next run gave %s", a.Id())
	}
}
