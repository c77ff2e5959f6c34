package ebs

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/goldenami/packer-plugin-goldenami/internal/layer"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

// elsewhere gives a builder of the same account that is of another run: builds of
// one run know each other by their profile, among others.
func (r *rig) elsewhere(options fields) *Builder {
	r.t.Helper()
	name := r.profile + "-elsewhere"
	r.addProfile(name, true)
	options["profile"] = name
	return r.prepared(options)
}

// outcome is how a build ended.
type outcome struct {
	artifact *Artifact
	err      error
}

// during runs a build and, while it is provisioned, another one, up to the moment
// that the other waits. ending is what provisioning comes to then.
func (r *rig) during(ending error, other *Builder) (first, second outcome) {
	r.t.Helper()
	done := make(chan outcome, 1)
	r.hook = hookFunc(func(ctx context.Context) error {
		go func() { //nolint:contextcheck // the other build is of its own
			a, err := other.Run(r.t.Context(), r.ui(), hookFunc(func(context.Context) error { return nil }))
			artifact, _ := a.(*Artifact)
			done <- outcome{artifact, err}
		}()
		for limit := time.Now().Add(time.Minute); !strings.Contains(r.output.String(), "waiting for its image"); {
			select {
			case second = <-done:
				done <- second // it did not wait
				return ending
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(5 * time.Millisecond):
			}
			if time.Now().After(limit) {
				return errors.New("the other build does not wait")
			}
		}
		return ending
	})
	first.artifact, first.err = r.run(r.t.Context(), r.tier("os-only", nil))
	return first, <-done
}

func (r *rig) mustHaveNoMark() {
	r.t.Helper()
	out, err := r.EC2(sandboxtest.Home, region).DescribeKeyPairs(r.t.Context(), &ec2.DescribeKeyPairsInput{})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, k := range out.KeyPairs {
		r.t.Errorf("key pair %s is left", aws.ToString(k.KeyName))
	}
}

func TestTwoRunsMakeOneImage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first, second := r.during(nil, r.elsewhere(r.tier("os-only", nil)))
	if first.err != nil || second.err != nil {
		t.Fatalf("%v, %v\n%s", first.err, second.err, r.output)
	}
	if first.artifact.Id() != second.artifact.Id() || first.artifact.Reused || !second.artifact.Reused {
		t.Errorf("%q and %q", first.artifact.Id(), second.artifact.Id())
	}
	if n := r.count("RunInstances"); n != 1 {
		t.Errorf("%d instances were launched", n)
	}
	if err := second.artifact.Destroy(); err != nil {
		t.Error(err)
	}
	r.image(region, first.artifact.Images[region])
	r.mustHaveNoMark()
}

func TestTheOtherRunFails(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first, second := r.during(errors.New("exit code 7"), r.elsewhere(r.tier("os-only", nil)))
	if first.err == nil || second.err != nil {
		t.Fatalf("%v, %v\n%s", first.err, second.err, r.output)
	}
	if second.artifact.Reused || r.count("CreateImage") != 1 {
		t.Errorf("%d images were made", r.count("CreateImage"))
	}
	r.mustHaveNoMark()
}

func TestOnConcurrent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options fields
		images  int
		says    string
	}{
		"fail":                    {fields{"on_concurrent": "fail"}, 1, "builds the same content now"},
		"build":                   {fields{"on_concurrent": "build"}, 2, "building a second image"},
		"forced":                  {fields{"packer_force": true}, 2, "building a second image"},
		"inputs are not declared": {fields{"inputs": nil}, 2, ""},
		"wait has an end":         {fields{"concurrent_timeout": "100ms"}, 1, "concurrent_timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			options := r.tier("os-only", c.options)
			if options["inputs"] == nil {
				delete(options, "inputs")
			}
			first, second := r.during(nil, r.elsewhere(options))
			if first.err != nil || (second.err == nil) != (c.images == 2) {
				t.Fatalf("%v, %v\n%s", first.err, second.err, r.output)
			}
			if got := r.count("CreateImage"); got != c.images {
				t.Errorf("%d images were made, not %d", got, c.images)
			}
			if !strings.Contains(r.output.String(), c.says) {
				t.Errorf("nothing is said of %q:\n%s", c.says, r.output)
			}
			r.mustHaveNoMark()
		})
	}
}

func TestReuseOptions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options fields
		wants   string
	}{
		"a word":          {fields{"on_concurrent": "maybe"}, "on_concurrent: \"maybe\" is not known"},
		"a duration":      {fields{"concurrent_timeout": "soon"}, "concurrent_timeout:"},
		"a scan's age":    {fields{"scan": fields{"max_critical_age": "-1h"}}, "scan: max_critical_age:"},
		"a scan's other":  {fields{"scan": fields{"max_high_age": "x"}}, "scan: max_high_age:"},
		"without family":  {fields{"family": nil, "tier": nil, "ami_name": "x-1", "on_concurrent": "fail"}, "on_concurrent: it needs family"},
		"scan of nothing": {fields{"family": nil, "tier": nil, "ami_name": "x-1", "scan": fields{}}, "scan: it needs family"},
	} {
		var cfg Config
		_, err := cfg.prepare(plain(layered(c.options)))
		if err == nil || !strings.Contains(err.Error(), c.wants) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReuseOptionsAreTaken(t *testing.T) {
	t.Parallel()
	var cfg Config
	_, err := cfg.prepare(plain(layered(fields{
		"concurrent_timeout": "2h", "scan": fields{"max_critical_age": "1d", "max_high_age": "7d", "require": true},
	})))
	want := layer.ScanPolicy{MaxCritical: 24 * time.Hour, MaxHigh: 7 * 24 * time.Hour, Require: true}
	if err != nil || cfg.scan == nil || *cfg.scan != want || cfg.claimTimeout != 2*time.Hour {
		t.Errorf("scan %+v, timeout %s, %v", cfg.scan, cfg.claimTimeout, err)
	}
}

// TestARunThatWasAsleepGivesWay takes the mark of a build away while it is provisioned,
// as a run does that finds it overdue, and has another run make the image.
func TestARunThatWasAsleepGivesWay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var other *Artifact
	r.hook = hookFunc(func(ctx context.Context) error {
		api := r.EC2(sandboxtest.Home, region)
		marks, err := api.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{})
		if err != nil {
			return err
		}
		for _, k := range marks.KeyPairs {
			if strings.HasPrefix(*k.KeyName, "goldenami-building-") {
				if _, err := api.DeleteKeyPair(ctx, &ec2.DeleteKeyPairInput{KeyPairId: k.KeyPairId}); err != nil {
					return err
				}
			}
		}
		made, err := r.elsewhere(r.tier("os-only", nil)).Run(ctx, r.ui(), hookFunc(func(context.Context) error { return nil }))
		other, _ = made.(*Artifact)
		return err
	})
	b := r.prepared(r.tier("os-only", nil))
	b.lease = 50 * time.Millisecond // so that nobody is sure that the mark is not overdue
	got, err := b.Run(t.Context(), r.ui(), r.hook)
	if err != nil {
		t.Fatalf("%v\n%s", err, r.output)
	}
	if a, _ := got.(*Artifact); !a.Reused || a.Id() != other.Id() {
		t.Errorf("the result is %s, not %s, the image of the other run\n%s", got.Id(), other.Id(), r.output)
	}
	if left := r.images(region); len(left) != 2 {
		t.Errorf("besides the image and its snapshot there is something: %v", left)
	}
	if left := r.leftovers(region); len(left) > 0 {
		t.Errorf("left behind: %v\n%s", left, r.output)
	}
}
