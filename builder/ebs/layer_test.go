package ebs

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// tier gives the options of one tier of a family without stages.
func (r *rig) tier(tier string, more fields) fields {
	options := r.with(fields{"ami_name": nil, "family": "web", "tier": tier, "inputs": fields{}})
	for key, value := range more {
		options[key] = value
	}
	return options
}

func TestTiersBuildOnEachOther(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	// As in one run of Packer: all are prepared before the first one runs.
	var builders []*Builder
	for _, tier := range []string{"os-only", "hybrid", "full"} {
		builders = append(builders, r.prepared(r.tier(tier, nil)))
	}
	parent := ""
	for i, b := range builders {
		a, err := b.Run(t.Context(), r.ui(), r.hook)
		if err != nil {
			t.Fatalf("tier %d: %v\n%s", i, err, r.output)
		}
		id := a.(*Artifact).Images[region]
		meta, ok := ami.Parse(r.image(region, id).Tags)
		if !ok || meta.State != ami.Good {
			t.Fatalf("%s is not good: %+v", id, meta)
		}
		if parent != "" && meta.Parent != parent {
			t.Errorf("%s was built on %s, not on %s", meta.Tier, meta.Parent, parent)
		}
		parent = id
	}
	if left := r.leftovers(region); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if strings.Contains(r.output.String(), "<unknown>") {
		t.Error(r.output)
	}
}

func TestAnUnchangedImageIsUsedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	options := fields{"ami_regions": []string{"us-east-1"}, "ami_users": []string{"111122223333"}}
	first := r.build(r.tier("os-only", options))
	launched, before := r.count("RunInstances"), len(r.Calls())
	second := r.build(r.tier("os-only", options))

	if second.Id() != first.Id() || !second.Reused {
		t.Errorf("%q became %q", first.Id(), second.Id())
	}
	if r.count("RunInstances") != launched {
		t.Error("an instance was launched")
	}
	for _, c := range r.Calls()[before:] {
		if !strings.HasPrefix(c.Action, "Describe") && !strings.HasPrefix(c.Action, "Get") {
			t.Errorf("%s was called although all was true already", c.Action)
		}
	}
	if err := second.Destroy(); err != nil {
		t.Fatal(err)
	}
	if got := r.image(region, second.Images[region]).State; got != types.ImageStateAvailable {
		t.Errorf("destroying the artifact left the image %s", got)
	}
	data := second.State("generated_data").(map[string]any)
	for _, name := range append(generatedDataNames(), "ID", "Host", "ConnType", "User", "PackerRunUUID") {
		if _, ok := data[name]; !ok {
			t.Errorf("generated data lacks %s", name)
		}
	}
	if data["GoldenReused"] != "true" || data["SourceAMI"] == "" {
		t.Errorf("generated data %v", data)
	}
}

func TestAnImageIsBuiltAnew(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]fields{
		"when an input changed":   {"inputs": fields{"values": map[string]string{"version": "2"}}},
		"when that is asked for":  {"rebuild": "always"},
		"with -force":             {"packer_force": true},
		"when its devices change": {"launch_block_device_mappings": []fields{{"device_name": "/dev/xvda", "volume_size": 20}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			first := r.build(r.tier("os-only", nil))
			second := r.build(r.tier("os-only", change))
			if second.Reused || second.Id() == first.Id() {
				t.Errorf("%q was used again", first.Id())
			}
			if got := r.image(region, first.Images[region]).State; got != types.ImageStateAvailable {
				t.Errorf("the first image is %s", got)
			}
		})
	}
	t.Run("when inputs are not declared", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		options := r.tier("os-only", nil)
		delete(options, "inputs")
		first := r.build(options)
		if second := r.build(options); second.Id() == first.Id() {
			t.Errorf("%q was used again", first.Id())
		}
	})
}

func TestTheParentIsRequired(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	_, err := r.run(t.Context(), r.tier("hybrid", nil))
	if err == nil || !strings.Contains(err.Error(), "on_missing") {
		t.Fatalf("error %v", err)
	}
	if r.count("RunInstances")+r.count("CreateSecurityGroup") > 0 {
		t.Error("something was made before the parent was known")
	}
	a := r.build(r.tier("hybrid", fields{"parent": fields{"on_missing": "build"}}))
	meta, _ := ami.Parse(r.image(region, a.Images[region]).Tags)
	if meta.ParentVersion != "" || !strings.HasPrefix(meta.Root, "ami-") {
		t.Errorf("meta %+v", meta)
	}
}

func TestTheImageExpiresWithItsParent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	base := r.build(r.tier("os-only", fields{"shelf_life": "10d"}))
	child := r.build(r.tier("hybrid", fields{"shelf_life": "20d"}))
	of := func(a *Artifact) ami.Meta {
		m, _ := ami.Parse(r.image(region, a.Images[region]).Tags)
		return m
	}
	if of(base).ExpiresAt.IsZero() || !of(child).ExpiresAt.Equal(of(base).ExpiresAt) {
		t.Errorf("parent expires %s, child %s", of(base).ExpiresAt, of(child).ExpiresAt)
	}
	longer := r.build(r.tier("full", fields{"shelf_life": "20d", "outlive_parent": true}))
	if m := of(longer); !m.ExpiresAt.Equal(m.BuiltAt.Add(20 * 24 * time.Hour)) {
		t.Errorf("with outlive_parent it expires %s, and was built %s", m.ExpiresAt, m.BuiltAt)
	}
	if at := aws.ToString(r.image(region, child.Images[region]).DeprecationTime); at == "" {
		t.Error("the image is not deprecated when it expires")
	}
}

func TestArtifactTellsWhatItIs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.build(r.tier("os-only", nil))
	facts := a.State(StateKey).(map[string]string)
	for key, want := range map[string]string{
		"family": "web", "tier": "os-only", "region": region, "image": a.Images[region], "reused": "false",
	} {
		if facts[key] != want {
			t.Errorf("%s is %q, not %q", key, facts[key], want)
		}
	}
	for _, key := range []string{"version", "fingerprint", "parent", "run"} {
		if facts[key] == "" {
			t.Errorf("%s is not told", key)
		}
	}
}

// TestDestroySparesWhatOthersBuildOn: Packer throws the artifact away when a
// post-processor fails, while another build of the run may be on top of the image.
func TestDestroySparesWhatOthersBuildOn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	parent, child := r.prepared(r.tier("os-only", nil)), r.prepared(r.tier("hybrid", nil))
	a, err := parent.Run(t.Context(), r.ui(), r.hook)
	if err != nil {
		t.Fatal(err)
	}
	id := a.(*Artifact).Images[region]
	var destroyed error
	_, err = child.Run(t.Context(), r.ui(), hookFunc(func(context.Context) error {
		destroyed = a.Destroy()
		return errors.New("exit code 7")
	}))
	if err == nil || destroyed == nil || !strings.Contains(destroyed.Error(), id) {
		t.Errorf("the child ended with %v, destroying its parent with %v", err, destroyed)
	}
	if meta, _ := ami.Parse(r.image(region, id).Tags); meta.State != ami.Bad {
		t.Errorf("the image is %s", meta.State)
	}
	if err := a.Destroy(); err != nil {
		t.Fatalf("with the child failed: %v", err)
	}
	r.clean()
}

// TestAnImageThatIsTakenAwayIsNobodysParent: the image was good at home and its build
// failed at a copy, before the next tier asked for it.
func TestAnImageThatIsTakenAwayIsNobodysParent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.sent.refuse("CopyImage", "UnauthorizedOperation You are not authorized to perform this operation.")
	parent := r.prepared(r.tier("os-only", fields{"ami_regions": []string{"us-east-1"}}))
	child := r.prepared(r.tier("hybrid", nil))
	if _, err := parent.Run(t.Context(), r.ui(), r.hook); err == nil {
		t.Fatal("the parent ended well")
	}
	launched := r.sent.count("RunInstances")
	if _, err := child.Run(t.Context(), r.ui(), r.hook); err == nil || r.sent.count("RunInstances") != launched {
		t.Errorf("the child was started on an image that is gone: %v", err)
	}
	r.clean()
}
