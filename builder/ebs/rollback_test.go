package ebs

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/rollback"
)

// rollback gives the options of a roll-back: without instance type and source AMI.
func (r *rig) rollback(block fields) fields {
	return fields{"profile": r.profile, "region": region, "family": "web", "tier": "os-only", "rollback": block}
}

func TestRollBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	abroad := fields{"ami_regions": []string{"us-east-1"}}
	first := r.build(r.followed(abroad))
	abroad["rebuild"] = "always"
	second := r.build(r.followed(abroad))
	launched := r.count("RunInstances")
	back := r.build(r.rollback(fields{"to": "previous", "reason": "does not boot"}))

	if back.Id() != first.Id() || !back.Reused || back.BuilderId() != BuilderID {
		t.Errorf("the artifact is %s, not %s", back.Id(), first.Id())
	}
	for where, id := range second.Images {
		if meta := r.meta(where, id); meta.State != ami.Revoked || meta.RevokedReason != "does not boot" {
			t.Errorf("%s: %+v", where, meta)
		}
		if template, data := r.template(where); aws.ToString(data.ImageId) != first.Images[where] || *template.DefaultVersionNumber != 1 {
			t.Errorf("%s: version %d starts %s", where, *template.DefaultVersionNumber, aws.ToString(data.ImageId))
		}
		if got := r.parameter(where); got != first.Images[where] {
			t.Errorf("%s: the parameter holds %s", where, got)
		}
	}
	if r.count("RunInstances") != launched {
		t.Error("an instance was launched")
	}
	data := back.State("generated_data").(map[string]any)
	for _, name := range append(generatedDataNames(), "ID", "Host", "ConnType", "User", "PackerRunUUID") {
		if _, ok := data[name]; !ok {
			t.Errorf("generated data lacks %s", name)
		}
	}
	if data["GoldenVersion"] != r.meta(region, first.Images[region]).Version || data["GoldenReason"] != "rolled back" || data["BuildRegion"] != region {
		t.Errorf("generated data %v", data)
	}
	if facts := back.State(StateKey).(map[string]string); facts["image"] != first.Images[region] || facts["reused"] != "true" || facts["tier"] != "os-only" {
		t.Errorf("facts %v", facts)
	}
	if err := back.Destroy(); err != nil || r.image(region, first.Images[region]).State != types.ImageStateAvailable {
		t.Errorf("destroyed: %v", err)
	}
	before := len(r.Calls())
	if again := r.build(r.rollback(fields{"to": "previous"})); again.Id() != first.Id() {
		t.Errorf("again it is %s", again.Id())
	}
	r.onlyReads(before)
	// A build with the old inputs uses the image again; with -force it builds a newer one.
	if a := r.build(r.followed(fields{"ami_regions": []string{"us-east-1"}})); a.Id() != first.Id() {
		t.Errorf("the next build gave %s", a.Id())
	}
}

// TestAChildOfARevokedParentIsBuiltAnew on the parent that is good now.
func TestAChildOfARevokedParentIsBuiltAnew(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	base := r.build(r.tier("os-only", nil))
	r.build(r.tier("os-only", fields{"rebuild": "always"}))
	child := r.build(r.tier("hybrid", nil))
	r.build(r.rollback(fields{"to": "previous"}))
	if r.meta(region, child.Images[region]).State != ami.Good {
		t.Error("cascade = list changed the child")
	}
	r.build(r.tier("os-only", nil)) // all builds of the test are of one run, which passes on the newest result
	rebuilt := r.build(r.tier("hybrid", nil))
	if rebuilt.Reused || r.meta(region, rebuilt.Images[region]).Parent != base.Images[region] {
		t.Errorf("reused %v, built on %s", rebuilt.Reused, r.meta(region, rebuilt.Images[region]).Parent)
	}
	if !strings.Contains(r.output.String(), "now the parent is version "+r.meta(region, base.Images[region]).Version) {
		t.Error("the reason is not told")
	}
}

func TestCascadeRevokesWhatWasBuiltOnIt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.build(r.tier("os-only", nil))
	old := r.build(r.tier("hybrid", nil))
	r.build(r.tier("os-only", fields{"rebuild": "always"}))
	child := r.build(r.tier("hybrid", nil))
	r.build(r.rollback(fields{"to": "previous", "cascade": "revoke"}))
	if state := r.meta(region, child.Images[region]).State; state != ami.Revoked {
		t.Errorf("the child is %s", state)
	}
	r.build(r.tier("os-only", nil)) // all builds of the test are of one run, which passes on the newest result
	if a := r.build(r.tier("hybrid", nil)); a.Id() != old.Id() {
		t.Errorf("the next build gave %s, not the one on the parent that is good", a.Id())
	}
}

// TestARollBackThatIsNotAskedFor stays in the template and does nothing.
func TestARollBackThatIsNotAskedFor(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if a, err := r.run(t.Context(), r.rollback(fields{"to": ""})); a != nil || err != nil || len(r.Calls()) != 0 {
		t.Errorf("artifact %v, %v, %d calls", a, err, len(r.Calls()))
	}
	if !strings.Contains(r.output.String(), "Nothing is rolled back") {
		t.Error(r.output)
	}
}

func TestARollBackOfTheLastGoodImage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	only := r.build(r.tier("os-only", nil))
	_, err := r.run(t.Context(), r.rollback(fields{"to": "previous"}))
	if err == nil || !strings.Contains(err.Error(), "rollback: there is nothing to roll back to") || !strings.Contains(err.Error(), r.meta(region, only.Images[region]).Version) {
		t.Errorf("error %v", err)
	}
	if a, err := r.run(t.Context(), r.rollback(fields{"to": "previous", "allow_empty": true})); a != nil || err != nil {
		t.Errorf("artifact %v, %v", a, err)
	}
	if state := r.meta(region, only.Images[region]).State; state != ami.Revoked {
		t.Errorf("the image is %s", state)
	}
}

// TestARollBackIsNoMemberOfTheRun: it has the family and the tier of a build.
func TestARollBackIsNoMemberOfTheRun(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.prepared(r.tier("os-only", nil))
	if b := r.prepared(r.tier("os-only", fields{"rollback": fields{"to": "previous"}})); b.session != nil {
		t.Error("it joined the run")
	}
}

func TestARollBackEndsWithTheContext(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.build(r.tier("os-only", nil))
	second := r.build(r.tier("os-only", fields{"rebuild": "always"}))
	ctx, cancel := context.WithCancel(t.Context())
	r.sent.notice("DescribeRegions", cancel)
	if _, err := r.run(ctx, r.rollback(fields{"to": "previous"})); err == nil {
		t.Error("it ended well")
	}
	if state := r.meta(region, second.Images[region]).State; state != ami.Good {
		t.Errorf("the image is %s", state)
	}
}

func TestRollBackOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		options fields
		want    string
	}{
		"no family":               {fields{"family": nil}, "needs family"},
		"no tier":                 {fields{"tier": nil}, "tier: it must be set"},
		"a number":                {fields{"rollback": fields{"to": "3"}}, `use "previous" or a version`},
		"a version in small type": {fields{"rollback": fields{"to": "01jd5z3v8q0000000000000000"}}, "capital letters"},
		"a long reason":           {fields{"rollback": fields{"to": "previous", "reason": strings.Repeat("x", 257)}}, "reason"},
		"a cascade":               {fields{"rollback": fields{"cascade": "delete"}}, `use "list" or "revoke"`},
		"an architecture":         {fields{"rollback": fields{"architecture": "amd64"}}, "x86_64 or arm64"},
		"a Region":                {fields{"rollback": fields{"regions": []string{"Ireland"}}}, "rollback: regions"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := fields{"region": region, "family": "web", "tier": "full", "rollback": fields{"to": "previous"}}
			for key, value := range tc.options {
				options[key] = value
			}
			_, _, err := new(Builder).Prepare(plain(options))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v does not tell %q", err, tc.want)
			}
		})
	}
	if _, _, err := new(Builder).Prepare(plain(fields{"region": region, "family": "web", "tier": "full", "rollback": fields{"to": "01JD5Z3V8Q0000000000000000"}})); err != nil {
		t.Errorf("a version is refused: %v", err)
	}
}

func TestRollBackOptionsAreTaken(t *testing.T) {
	t.Parallel()
	var cfg Config
	version := ami.NewVersion(time.Now())
	_, err := cfg.prepare(plain(fields{"region": region, "family": "web", "tier": "full", "rollback": fields{
		"to": version, "reason": "slow", "architecture": "arm64", "regions": []string{region}, "cascade": "revoke",
		"allow_empty": true, "allow_expired": true, "allow_newer": true,
	}}))
	if err != nil {
		t.Fatal(err)
	}
	want := rollback.Request{
		Family: "web", Tier: ami.Full, Architecture: "arm64", To: version, Reason: "slow", Home: region, Regions: []string{region},
		Cascade: true, AllowEmpty: true, AllowExpired: true, AllowNewer: true,
	}
	if got := cfg.rollbackRequest(region); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}
