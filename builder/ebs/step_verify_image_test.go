package ebs

import (
	"bytes"
	"context"
	"encoding/base64"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

// verified gives the options of an image whose test waits for what verify says.
func (r *rig) verified(verify fields) fields {
	return r.tier("os-only", fields{"verify": verify})
}

// never is a sign that does not come, waited for but a moment.
var never = fields{"wait_for": "console", "console_pattern": "no machine says this", "timeout": "1s"}

// states are those that were written on images, in order.
func (r *rig) states() []string {
	r.sent.mu.Lock()
	defer r.sent.mu.Unlock()
	var out []string
	for _, request := range r.sent.requests {
		if request.action != "CreateTags" || !strings.Contains(request.text, "ResourceId.1=ami-") {
			continue
		}
		for _, s := range ami.States() {
			if strings.Contains(request.text, "=goldenami:state") && strings.Contains(request.text, "Value="+string(s)+"\n") {
				out = append(out, string(s))
			}
		}
	}
	return out
}

func TestAnImageIsTestedBeforeItIsGood(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	options := r.verified(fields{"instance_type": "t3.micro"})
	options["run_tags"] = map[string]string{"team": "blue"}
	a := r.build(options)
	id := a.Images[region]
	if got := r.states(); !slices.Equal(got, []string{"testing", "good"}) {
		t.Errorf("states %q\n%s", got, r.output)
	}
	if !r.sent.has("RunInstances", "ImageId="+id, "InstanceType=t3.micro", "MinCount=1", "MaxCount=1", "ClientToken=verify-"+id+"-1",
		"MetadataOptions.HttpTokens=required", `BlockDeviceMapping\.1\.Ebs\.DeleteOnTermination=true`,
		`TagSpecification\.1\.Tag\.\d\.Key=goldenami:run`, `TagSpecification\.1\.Tag\.\d\.Value=blue`, `SecurityGroupId\.1=sg-.*`) {
		t.Error("no instance of the image was started as asked")
	}
	if meta, ok := ami.Parse(r.image(region, id).Tags); !ok || meta.State != ami.Good {
		t.Errorf("the image is %+v", meta)
	}
	if left := r.leftovers(region); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}

	launched := r.count("RunInstances")
	if again := r.build(options); !again.Reused || r.count("RunInstances") != launched {
		t.Error("an image that is used again was tested again")
	}
}

func TestAnImageThatFailsItsTestGoes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	older := r.build(r.tier("os-only", nil))
	options := r.verified(never)
	options["rebuild"] = "always"
	builder, child := r.prepared(options), r.prepared(r.tier("hybrid", nil))
	before := r.images(region)
	_, err := builder.Run(t.Context(), r.ui(), r.hook)
	if err == nil || !strings.Contains(err.Error(), "failed its test") || !strings.Contains(err.Error(), "verify: timeout") {
		t.Fatalf("error %v", err)
	}
	if got := r.states(); !slices.Equal(got, []string{"good", "testing", "bad"}) {
		t.Errorf("states %q", got)
	}
	if left := r.images(region); !slices.Equal(left, before) {
		t.Errorf("there were %v and are %v", before, left)
	}
	if left := r.leftovers(region); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := child.Run(t.Context(), r.ui(), r.hook); err == nil || !strings.Contains(err.Error(), "failed its test") {
		t.Errorf("the child was told %v", err)
	}
	if newest := r.build(r.tier("os-only", nil)); newest.Id() != older.Id() {
		t.Errorf("the newest good image is %s, not %s", newest.Id(), older.Id())
	}
}

func TestAnImageThatFailsItsTestIsKeptWhenAsked(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	verify := fields{"on_failure": "keep"}
	for k, v := range never {
		verify[k] = v
	}
	_, err := r.run(t.Context(), r.verified(verify))
	if err == nil || !strings.Contains(err.Error(), "kept") {
		t.Fatalf("error %v", err)
	}
	left := r.images(region)
	if len(left) == 0 || !strings.Contains(err.Error(), left[0]) || !strings.Contains(r.output.String(), "Kept although it failed its test: "+left[0]) {
		t.Fatalf("kept %v, error %v", left, err)
	}
	if meta, _ := ami.Parse(r.image(region, left[0]).Tags); meta.State != ami.Bad {
		t.Errorf("%s is %s", left[0], meta.State)
	}
	if left := r.leftovers(region); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if next := r.build(r.tier("os-only", nil)); next.Reused {
		t.Error("a bad image was used again")
	}
}

func TestNothingIsLeftOfATestThatIsCancelled(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		for r.sent.count("GetConsoleOutput") == 0 && t.Context().Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
	}()
	verify := fields{"wait_for": "console", "console_pattern": "no machine says this", "on_failure": "keep"}
	began := time.Now()
	if _, err := r.run(ctx, r.verified(verify)); err == nil {
		t.Error("a cancelled build ended well")
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %s to end", took)
	}
	if slices.Contains(r.states(), "bad") {
		t.Error("an image that was not tested to the end was called bad")
	}
	r.clean()
}

func TestATestThatCannotBeginFails(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	options := r.verified(fields{})
	r.hook = hookFunc(func(context.Context) error {
		r.sent.refuse("RunInstances", "InsufficientInstanceCapacity We currently do not have sufficient capacity.")
		return nil
	})
	_, err := r.run(t.Context(), options)
	if err == nil || !strings.Contains(err.Error(), "verify: instance_type") {
		t.Errorf("error %v", err)
	}
	r.clean()
}

func TestTrialsGetTheFamilysUserData(t *testing.T) {
	t.Parallel()
	b, _ := stagesRig(t, "os-only")
	b.cfg.Verify = &VerifyConfig{}
	b.clients = cloud.New(aws.Config{Region: region})
	b.state.Put("source_image", &types.Image{})
	b.state.Put("securityGroupIds", []string{"sg-1"})
	b.state.Put("subnet_id", "subnet-1")
	in, err := stepVerifyImage{b}.trialRequest(testedImage{id: "ami-1"}, 2)
	if err != nil {
		t.Fatal(err)
	}
	want, err := stage.UserData(stage.CloudInit, b.cfg.stages, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := base64.StdEncoding.DecodeString(*in.UserData)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v, user data:\n%s", err, got)
	}
	if *in.MinCount != 2 || *in.MaxCount != 2 || *in.SubnetId != "subnet-1" || !slices.Equal(in.SecurityGroupIds, []string{"sg-1"}) {
		t.Errorf("%+v", in)
	}
	again, err := stepVerifyImage{b}.trialRequest(testedImage{id: "ami-1"}, 2)
	if err != nil || *again.ClientToken == *in.ClientToken {
		t.Errorf("a second try has the token of the first: EC2 would answer with its instances: %v", err)
	}
}

// What comes after the distribution only tells of the image, so that a Ctrl-C there
// does not take it away.
func TestAnImageThatIsCompleteStaysOnCtrlC(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b := r.prepared(r.tier("os-only", fields{
		"first_boot": fields{"file": filepath.Join(t.TempDir(), "boot.mime"), "user_data": "#!/bin/sh\n"},
	}))
	defer r.leave(b)
	ui := &interrupter{Ui: r.ui(), words: "User data for first boot", press: cancel}
	if _, err := b.Run(ctx, ui, r.hook); err == nil {
		t.Errorf("a cancelled build ended well\n%s", r.output)
	}
	if !slices.Contains(r.states(), "good") || len(r.images(region)) != 2 { // and its snapshot
		t.Errorf("images %q\n%s", r.images(region), r.output)
	}
	if next := r.build(r.tier("os-only", nil)); !next.Reused {
		t.Errorf("the image is not used again\n%s", r.output)
	}
}

// interrupter presses Ctrl-C when it is told the words.
type interrupter struct {
	packersdk.Ui
	words string
	press func()
}

func (i *interrupter) Say(text string) {
	i.Ui.Say(text)
	if strings.Contains(text, i.words) {
		i.press()
	}
}
