//go:build e2e

package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// releaseArgs are the arguments that build a release of the followed family.
func releaseArgs(release string, more ...string) []string {
	return append(append([]string{"-var", "release=" + release}, more...), "test/e2e/testdata/followed.pkr.hcl")
}

// backArgs are the arguments that take a tier back with the example.
func backArgs(tier ami.Tier, vars ...string) []string {
	args := []string{"-only=goldenami-ebs.rollback", "-var", "tier=" + string(tier), "-var", "to=previous"}
	for _, v := range vars {
		args = append(args, "-var", v)
	}
	return append(args, "example/rollback")
}

// newest is the newest good image of a tier in a Region.
func (e *endpoint) newest(t *testing.T, region string, tier ami.Tier) ami.Image {
	t.Helper()
	found, err := ami.Find(t.Context(), e.ec2(region), region, ami.Query{Family: family, Tier: tier})
	if err != nil || len(found) == 0 {
		t.Fatalf("%d good %s images in %s, %v", len(found), tier, region, err)
	}
	return found[0]
}

// state gives the state of an image, and the reason of one that is revoked.
func (e *endpoint) state(t *testing.T, i ami.Image) (ami.State, string) {
	t.Helper()
	out, err := e.ec2(i.Region).DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{i.ID}})
	if err != nil {
		t.Fatal(err)
	}
	meta, _ := ami.Parse(out.Images[0].Tags)
	return meta.State, meta.RevokedReason
}

// mustStart fails unless a launch of the tier's template starts the image, and the
// tier's parameter holds it.
func (e *endpoint) mustStart(t *testing.T, i ami.Image) {
	t.Helper()
	out, err := e.ec2(i.Region).DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateName: aws.String("web-" + string(i.Tier)), Versions: []string{"$Default"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := aws.ToString(out.LaunchTemplateVersions[0].LaunchTemplateData.ImageId); got != i.ID {
		t.Errorf("the launch template of %s in %s starts %s, not %s", i.Tier, i.Region, got, i.ID)
	}
	if i.Tier == ami.Hybrid {
		return // it has no parameter
	}
	if got := e.parameter(t, i); got != i.ID {
		t.Errorf("the parameter of %s in %s holds %s, not %s", i.Tier, i.Region, got, i.ID)
	}
}

func (e *endpoint) parameter(t *testing.T, i ami.Image) string {
	t.Helper()
	out, err := ssm.NewFromConfig(e.config(i.Region)).GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/golden/web/" + string(i.Tier))})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.Parameter.Value)
}

// mustOnlyRead fails for calls that change anything.
func (e *endpoint) mustOnlyRead(t *testing.T, during func()) {
	t.Helper()
	before := len(e.calls(t))
	during()
	for _, c := range e.calls(t)[before:] {
		if !strings.HasPrefix(c.Action, "Describe") && !strings.HasPrefix(c.Action, "Get") {
			t.Errorf("%s was called in %s although nothing was to do", c.Action, c.Region)
		}
	}
}

// TestRollBack releases a family twice and takes tier after tier back.
func TestRollBack(t *testing.T) {
	e := startEndpoint(t, "instant")
	e.mustBuild(t, releaseArgs("1")...)
	old := map[ami.Tier]ami.Image{}
	for _, tier := range ami.Tiers() {
		old[tier] = e.image(t, home, tier)
		e.mustStart(t, old[tier])
	}
	oldAbroad := e.image(t, ireland, ami.Full)
	e.mustBuild(t, releaseArgs("2")...)
	bad := map[ami.Tier]ami.Image{}
	for _, tier := range ami.Tiers() {
		bad[tier] = e.newest(t, home, tier)
		e.mustStart(t, bad[tier])
	}
	badAbroad := e.newest(t, ireland, ami.Full)
	t.Run("the README tells the permissions of pointers", func(t *testing.T) { mustBeAllowed(t, e.calls(t)) })
	t.Run("pointers that are right cost reads only", func(t *testing.T) {
		e.mustOnlyRead(t, func() { e.mustBuild(t, releaseArgs("2")...) })
	})

	t.Run("the full tier goes back in every Region", func(t *testing.T) {
		before := len(e.calls(t))
		output := e.mustBuild(t, backArgs(ami.Full, "reason=does not boot")...)
		made := e.calls(t)[before:]
		for _, i := range []ami.Image{bad[ami.Full], badAbroad} {
			if state, reason := e.state(t, i); state != ami.Revoked || reason != "does not boot" {
				t.Errorf("%s in %s is %s: %q", i.ID, i.Region, state, reason)
			}
		}
		e.mustStart(t, old[ami.Full])
		e.mustStart(t, oldAbroad)
		e.mustStart(t, bad[ami.Hybrid])
		for _, want := range []string{"us-east-1: " + old[ami.Full].ID, "eu-west-1: " + oldAbroad.ID, "Roll-back of web/full from " + bad[ami.Full].Version} {
			if !strings.Contains(output, want) {
				t.Errorf("the output does not say %q:\n%s", want, output)
			}
		}
		if n := count(made, "RunInstances", "CreateFleet", "CreateImage", "CopyImage", "DeregisterImage"); n != 0 {
			t.Errorf("%d instances or images were made or deleted", n)
		}
		mustBeAllowed(t, made)
		e.mustOnlyRead(t, func() { output = e.mustBuild(t, backArgs(ami.Full)...) })
		if !strings.Contains(output, "nothing is to do") || !strings.Contains(output, "us-east-1: "+old[ami.Full].ID) {
			t.Errorf("again:\n%s", output)
		}
	})
	t.Run("not asked for, it does nothing", func(t *testing.T) {
		before := len(e.calls(t))
		if output := e.mustBuild(t, "example/rollback"); !strings.Contains(output, "Nothing is rolled back") || len(e.calls(t)) != before {
			t.Errorf("%d calls:\n%s", len(e.calls(t))-before, output)
		}
	})
	t.Run("a version that cannot be meant is told with those that can", func(t *testing.T) {
		output := e.mustFail(t, append([]string{"-var", "to=" + bad[ami.Hybrid].Version}, "example/rollback")...)
		for _, want := range []string{"of tier hybrid", old[ami.Full].Version, bad[ami.Full].Version, "does not boot"} {
			if !strings.Contains(output, want) {
				t.Errorf("the error does not say %q:\n%s", want, output)
			}
		}
	})
	t.Run("what was built on a revoked image is listed and stays", func(t *testing.T) {
		output := e.mustBuild(t, backArgs(ami.OSOnly)...)
		if state, _ := e.state(t, bad[ami.Hybrid]); state != ami.Good || !strings.Contains(output, "left good") || !strings.Contains(output, bad[ami.Hybrid].ID) {
			t.Errorf("the hybrid image is %s:\n%s", state, output)
		}
	})
	t.Run("the next build puts the tiers on the parent that is good", func(t *testing.T) {
		output := e.mustBuild(t, releaseArgs("1")...)
		hybrid, full := e.newest(t, home, ami.Hybrid), e.newest(t, home, ami.Full)
		if hybrid.Parent != old[ami.OSOnly].ID || full.Parent != hybrid.ID || hybrid.Version <= bad[ami.Hybrid].Version {
			t.Errorf("hybrid %s on %s, full on %s\n%s", hybrid.ID, hybrid.Parent, full.Parent, output)
		}
		if !strings.Contains(output, "now the parent is version "+old[ami.OSOnly].Version) {
			t.Errorf("the reason is not told:\n%s", output)
		}
		e.mustStart(t, old[ami.OSOnly])
		e.mustStart(t, hybrid)
		e.mustStart(t, full)
	})
	t.Run("with cascade it is revoked too", func(t *testing.T) {
		e.mustBuild(t, backArgs(ami.OSOnly, "cascade=revoke", "reason=late")...)
		if state, reason := e.state(t, bad[ami.Hybrid]); state != ami.Revoked || reason != "late" {
			t.Errorf("the hybrid image is %s: %q", state, reason)
		}
		if state, _ := e.state(t, e.newest(t, home, ami.Hybrid)); state != ami.Good {
			t.Error("the image on the parent that is good was revoked")
		}
	})
}

// TestRollBackOfTheLastImage refuses, and does it where that is asked for.
func TestRollBackOfTheLastImage(t *testing.T) {
	e := startEndpoint(t, "instant")
	e.mustBuild(t, releaseArgs("1", "-only=goldenami-ebs.base")...)
	only := e.image(t, home, ami.OSOnly)
	output := e.mustFail(t, backArgs(ami.OSOnly)...)
	if !strings.Contains(output, "nothing to roll back to") || !strings.Contains(output, only.Version) {
		t.Errorf("the error tells no version:\n%s", output)
	}
	e.mustStart(t, e.image(t, home, ami.OSOnly))
	output = e.mustBuild(t, backArgs(ami.OSOnly, "allow_empty=true")...)
	if state, _ := e.state(t, only); state != ami.Revoked || !strings.Contains(output, "no good image is left") {
		t.Errorf("the image is %s:\n%s", state, output)
	}
}

// TestRollBackKilled ends Packer and the plugin in the middle, with no time to say so.
func TestRollBackKilled(t *testing.T) {
	e := startEndpoint(t, `{"parameter_check":"2s"}`)
	e.mustBuild(t, releaseArgs("1", "-only=goldenami-ebs.base")...)
	old := e.image(t, home, ami.OSOnly)
	e.mustBuild(t, releaseArgs("2", "-only=goldenami-ebs.base")...)
	bad := e.newest(t, home, ami.OSOnly)
	before := count(e.calls(t), "PutParameter")
	run := startPacker(t, e.environ(), append([]string{"build", "-color=false"}, backArgs(ami.OSOnly)...)...)
	until(t, "the parameter's move", time.Minute, func() bool {
		if run.ended() {
			t.Fatalf("packer ended early:\n%s", run.out)
		}
		return count(e.calls(t), "PutParameter") > before
	})
	if err := syscall.Kill(-run.cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := run.wait(t, time.Minute); err == nil {
		t.Error("packer ended with success after kill -9")
	}
	if state, _ := e.state(t, bad); state != ami.Good || e.newest(t, home, ami.OSOnly).ID != bad.ID {
		t.Errorf("pointers come before marks, and %s is %s", bad.ID, state)
	}
	e.mustBuild(t, backArgs(ami.OSOnly)...)
	if state, _ := e.state(t, bad); state != ami.Revoked {
		t.Errorf("%s is %s", bad.ID, state)
	}
	e.mustStart(t, old)
	e.mustOnlyRead(t, func() { e.mustBuild(t, backArgs(ami.OSOnly)...) })
}
