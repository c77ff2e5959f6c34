package rollback_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/rollback"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

// family is two generations of some tiers, each built on the one below.
type family struct {
	tiers       []ami.Tier
	old, recent map[ami.Tier]*release
}

func (r *rig) family(tiers ...ami.Tier) family {
	r.t.Helper()
	f := family{tiers, map[ami.Tier]*release{}, map[ami.Tier]*release{}}
	for days, generation := range map[int]map[ami.Tier]*release{9: f.old, 1: f.recent} {
		var parent *release
		for _, tier := range tiers {
			generation[tier] = r.make(days, tier, parent, nil)
			parent = generation[tier]
		}
	}
	for _, tier := range tiers {
		r.lead(f.old[tier])
		r.lead(f.recent[tier])
	}
	return f
}

func ofBase(r *rollback.Request) { r.Tier = ami.OSOnly }

func cascading(r *rollback.Request) { r.Tier, r.Cascade = ami.OSOnly, true }

func TestWhatWasBuiltOnItIsListed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	f := r.family(ami.Tiers()...)
	p := r.run(ofBase)
	text := strings.Join(p.Lines(), "\n")
	for _, tier := range []ami.Tier{ami.Hybrid, ami.Full} {
		r.mustBe(f.recent[tier], ami.Good)
		r.mustLead(f.recent[tier])
		for region, id := range f.recent[tier].ids {
			if !strings.Contains(text, "left good (cascade = \"revoke\" revokes it): web/"+string(tier)+" "+f.recent[tier].meta.Version+", "+id+" in "+region) {
				t.Errorf("%s in %s is not listed:\n%s", tier, region, text)
			}
		}
	}
	r.mustBe(f.recent[ami.OSOnly], ami.Revoked)
	r.mustLead(f.old[ami.OSOnly])
	// What is revoked already is gone through too, so the cascade can follow.
	r.run(cascading)
	for _, tier := range ami.Tiers() {
		r.mustBe(f.recent[tier], ami.Revoked)
		r.mustBe(f.old[tier], ami.Good)
		r.mustLead(f.old[tier])
	}
	if p = r.run(cascading); !p.Done() {
		t.Errorf("again: %q", p.Lines())
	}
}

// TestParentsAreRevokedFirst: no build may start on what is about to be revoked.
func TestParentsAreRevokedFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	f := r.family(ami.Tiers()...)
	var said []string
	e := r.engine()
	p, err := e.Plan(t.Context(), r.request(cascading))
	r.must(err)
	r.must(e.Execute(t.Context(), p))
	for _, image := range p.Revoke {
		said = append(said, string(image.Tier))
	}
	if got, want := strings.Join(said, " "), "os-only os-only hybrid hybrid full full"; got != want {
		t.Errorf("revoked %s", got)
	}
	r.mustBe(f.recent[ami.Full], ami.Revoked)
}

// TestACascadedTierKeepsAGoodImage: nothing is changed, not even in the tier itself.
func TestACascadedTierKeepsAGoodImage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	base, recent := r.make(9, ami.OSOnly, nil, nil), r.make(3, ami.OSOnly, nil, nil)
	child := r.make(1, ami.Hybrid, recent, nil)
	_, err := r.engine().Plan(t.Context(), r.request(cascading))
	if err == nil || !strings.Contains(err.Error(), "web/hybrid (x86_64) in "+home) {
		t.Fatalf("error %v", err)
	}
	r.mustBe(recent, ami.Good)
	r.run(func(r *rollback.Request) { cascading(r); r.AllowEmpty = true })
	r.mustBe(base, ami.Good)
	r.mustBe(recent, ami.Revoked)
	r.mustBe(child, ami.Revoked)
}

// TestForeignImagesAreTold: EC2 knows what came from an image, whoever made it.
func TestForeignImagesAreTold(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.make(9, ami.Full, nil, nil)
	v2 := r.make(1, ami.Full, nil, nil)
	api := r.EC2(sandboxtest.Home, home)
	from := func(id, name string) string {
		out, err := api.CopyImage(t.Context(), &ec2.CopyImageInput{SourceImageId: &id, SourceRegion: aws.String(home), Name: &name})
		r.must(err)
		return *out.ImageId
	}
	foreign := from(v2.ids[home], "made-by-hand")
	grandchild := from(foreign, "on-top-of-it")
	p := r.run(func(r *rollback.Request) { r.Cascade = true })
	text := strings.Join(p.Lines(), "\n")
	for _, id := range []string{foreign, grandchild} {
		if !strings.Contains(text, "not ours to revoke: "+id) {
			t.Errorf("%s is not told:\n%s", id, text)
		}
		if image, _ := r.image(home, id); len(image.Tags) != 0 {
			t.Errorf("%s got tags: %v", id, image.Tags)
		}
	}
}
