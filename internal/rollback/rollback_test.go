package rollback_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/rollback"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func TestToPrevious(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	v1, v2, v3 := r.make(9, ami.Full, nil, nil), r.make(5, ami.Full, nil, nil), r.make(1, ami.Full, nil, nil)
	for _, v := range []*release{v1, v2, v3} {
		r.lead(v)
	}
	p := r.run(nil)
	if p.Target == nil || p.Target.Version != v2.meta.Version || p.Images()[home] != v2.ids[home] || p.Images()[away] != v2.ids[away] {
		t.Fatalf("went to %+v", p.Target)
	}
	r.mustBe(v3, ami.Revoked)
	r.mustBe(v2, ami.Good)
	r.mustBe(v1, ami.Good)
	r.mustLead(v2)
	if _, _, number := r.leads(home, ami.Full); number != 2 {
		t.Errorf("version %d is the default, not the one that the image's tags name", number)
	}
	image, meta := r.image(away, v3.ids[away])
	if meta.RevokedReason != "does not boot" || !meta.RevokedAt.Equal(r.now) {
		t.Errorf("the tags tell %q, %s", meta.RevokedReason, meta.RevokedAt)
	}
	disks, err := r.EC2(sandboxtest.Home, away).DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{
		SnapshotIds: []string{*image.BlockDeviceMappings[0].Ebs.SnapshotId},
	})
	r.must(err)
	if !slices.ContainsFunc(ami.EC2Tags(map[string]string{ami.TagPrefix + "state": "revoked"}), func(want types.Tag) bool {
		return slices.ContainsFunc(disks.Snapshots[0].Tags, func(have types.Tag) bool { return *have.Key == *want.Key && *have.Value == *want.Value })
	}) {
		t.Errorf("the snapshot's tags are %v", disks.Snapshots[0].Tags)
	}

	// The same words said again mean the same version.
	before := len(r.Calls())
	if p = r.run(nil); !p.Done() || p.Target.Version != v2.meta.Version {
		t.Errorf("again: %q", p.Lines())
	}
	for _, c := range r.Calls()[before:] {
		if !reads(c.Action) {
			t.Errorf("again: %s was called", c.Action)
		}
	}
}

func TestARevokedVersionIsGoodAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	v1, v2, v3 := r.make(9, ami.Full, nil, nil), r.make(5, ami.Full, nil, nil), r.make(1, ami.Full, nil, nil)
	for _, v := range []*release{v1, v2, v3} {
		r.lead(v)
	}
	r.run(func(r *rollback.Request) { r.To = v1.meta.Version })
	r.mustBe(v3, ami.Revoked)
	r.mustBe(v2, ami.Revoked)
	r.mustLead(v1)
	// An older one that was revoked is gone back to like any other.
	r.must(ami.Revoke(t.Context(), r.EC2(sandboxtest.Home, home), "why", r.now, v1.ids[home]))
	r.must(ami.SetState(t.Context(), r.EC2(sandboxtest.Home, home), ami.Good, v2.ids[home]))
	r.run(func(r *rollback.Request) { r.To = v1.meta.Version })
	r.mustBe(v1, ami.Good)
	r.mustBe(v2, ami.Revoked)
	if _, meta := r.image(home, v1.ids[home]); meta.RevokedReason != "" || !meta.RevokedAt.IsZero() {
		t.Errorf("it still tells %q", meta.RevokedReason)
	}
	// Taking the roll-back back needs a word.
	_, err := r.engine().Plan(t.Context(), r.request(func(r *rollback.Request) { r.To = v3.meta.Version }))
	if err == nil || !strings.Contains(err.Error(), "allow_newer") {
		t.Fatalf("error %v", err)
	}
	r.run(func(r *rollback.Request) { r.To, r.AllowNewer = v3.meta.Version, true })
	r.mustBe(v3, ami.Good)
	r.mustBe(v2, ami.Revoked)
	r.mustLead(v3)
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	old := func(m *ami.Meta) { m.ExpiresAt = r.now.AddDate(0, 0, -1) }
	state := func(s ami.State) func(*ami.Meta) { return func(m *ami.Meta) { m.State = s } }
	expired, v2, bad := r.make(9, ami.Full, nil, old, home), r.make(5, ami.Full, nil, nil, home), r.make(1, ami.Full, nil, state(ami.Bad), home)
	hybrid := r.make(2, ami.Hybrid, nil, nil, home)
	other := r.make(2, ami.Full, nil, func(m *ami.Meta) { m.Family = "db" }, home)
	for name, tc := range map[string]struct {
		change func(*rollback.Request)
		want   []string
	}{
		"nothing before":     {nil, []string{"nothing to roll back to", v2.meta.Version, "5 days old  good", bad.meta.Version, "bad", "expired"}},
		"no such version":    {func(r *rollback.Request) { r.To = ami.NewVersion(r.Now) }, []string{"no version", v2.meta.Version}},
		"of another tier":    {func(r *rollback.Request) { r.To = hybrid.meta.Version }, []string{"of tier hybrid", v2.meta.Version}},
		"of another family":  {func(r *rollback.Request) { r.To = other.meta.Version }, []string{"of db/full", v2.meta.Version}},
		"never good":         {func(r *rollback.Request) { r.To = bad.meta.Version }, []string{"never good"}},
		"expired":            {func(r *rollback.Request) { r.To = expired.meta.Version }, []string{"allow_expired"}},
		"nothing at all":     {func(r *rollback.Request) { r.Family = "mail" }, []string{"was ever good", "There are no versions"}},
		"of no architecture": {func(r *rollback.Request) { r.Architecture = "arm64" }, []string{"was ever good"}},
		"a tier without one": {func(r *rollback.Request) { r.Tier = ami.OSOnly }, []string{"was ever good"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := r.engine().Plan(t.Context(), r.request(tc.change))
			if err == nil {
				t.Fatalf("no error: %q", p.Lines())
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error does not tell %q: %v", want, err)
				}
			}
		})
	}
}

func TestAnExpiredVersion(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	v1 := r.make(9, ami.Full, nil, func(m *ami.Meta) { m.ExpiresAt = r.now.AddDate(0, 0, -1) })
	v2 := r.make(5, ami.Full, nil, nil)
	r.lead(v1)
	r.lead(v2)
	r.run(func(r *rollback.Request) { r.AllowExpired = true })
	r.mustBe(v2, ami.Revoked)
	r.mustLead(v1)
}

// TestATierKeepsAGoodImage in each Region where it has one, unless that is allowed.
func TestATierKeepsAGoodImage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	v1, v2 := r.make(9, ami.Full, nil, nil, home), r.make(1, ami.Full, nil, nil)
	r.lead(v1)
	r.lead(v2)
	_, err := r.engine().Plan(t.Context(), r.request(nil))
	if err == nil || !strings.Contains(err.Error(), "web/full (x86_64) in "+away) || !strings.Contains(err.Error(), "allow_empty") {
		t.Fatalf("error %v", err)
	}
	p := r.run(func(r *rollback.Request) { r.AllowEmpty = true })
	r.mustBe(v2, ami.Revoked)
	if template, parameter, _ := r.leads(home, ami.Full); template != v1.ids[home] || parameter != v1.ids[home] {
		t.Error("the pointers at home were not led back")
	}
	if template, _, _ := r.leads(away, ami.Full); template != v2.ids[away] {
		t.Errorf("away leads to %s", template)
	}
	if text := strings.Join(p.Lines(), "\n"); !strings.Contains(text, "stays where it is") || !strings.Contains(text, "no good image is left") {
		t.Errorf("the plan warns of nothing:\n%s", text)
	}
	// And the last one of all.
	if p = r.run(func(r *rollback.Request) { r.AllowEmpty = true }); !p.Done() || p.Target == nil {
		t.Errorf("the same again is %q", p.Lines())
	}
	r.must(ami.SetState(t.Context(), r.EC2(sandboxtest.Home, home), ami.Bad, v1.ids[home]))
	r.must(ami.SetState(t.Context(), r.EC2(sandboxtest.Home, away), ami.Good, v2.ids[away]))
	p = r.run(func(r *rollback.Request) { r.AllowEmpty = true })
	if p.Target != nil || len(p.Images()) != 0 {
		t.Errorf("went to %+v", p.Target)
	}
	r.mustBe(v2, ami.Revoked)
}

func TestOnlyWhatLeadsToARevokedImageIsLedBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	v1, v2, v3 := r.make(9, ami.Full, nil, nil), r.make(5, ami.Full, nil, nil), r.make(1, ami.Full, nil, nil)
	for _, v := range []*release{v2, v3, v1} { // somebody holds the pointers at v1
		r.lead(v)
	}
	if p := r.run(nil); len(p.Moves) != 0 || p.Target.Version != v2.meta.Version {
		t.Errorf("moves %v", p.Moves)
	}
	r.mustLead(v1)
	r.mustBe(v3, ami.Revoked)
}

// TestAVersionIsMadeWhereNoneHasTheImage keeps what the default version sets.
func TestAVersionIsMadeWhereNoneHasTheImage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	v1, v2 := r.make(9, ami.Full, nil, nil), r.make(1, ami.Full, nil, nil)
	r.lead(v2)
	r.run(nil)
	r.mustLead(v1)
	if _, _, number := r.leads(home, ami.Full); number != 2 {
		t.Errorf("the default is version %d", number)
	}
}

func TestSeveralArchitectures(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.make(9, ami.Full, nil, nil)
	v2 := r.make(1, ami.Full, nil, nil)
	r.arch = types.ArchitectureValuesArm64
	arm := r.make(0, ami.Full, nil, nil)
	if _, err := r.engine().Plan(t.Context(), r.request(nil)); err == nil || !strings.Contains(err.Error(), "several architectures") {
		t.Errorf("error %v", err)
	}
	r.run(func(r *rollback.Request) { r.Architecture = "x86_64" })
	r.mustBe(v2, ami.Revoked)
	r.mustBe(arm, ami.Good)
}

// TestAllRegionsAreAsked: where none are named, all that are enabled.
func TestAllRegionsAreAsked(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	far := "ap-northeast-1"
	r.make(9, ami.Full, nil, nil, home, far)
	v2 := r.make(1, ami.Full, nil, nil, home, far)
	r.run(func(r *rollback.Request) { r.Regions = nil })
	r.mustBe(v2, ami.Revoked)
}

func TestACallThatIsRefusedIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.make(9, ami.Full, nil, nil)
	r.make(1, ami.Full, nil, nil)
	r.writes.Store(-1)
	if _, err := r.engine().Plan(t.Context(), r.request(nil)); !errors.Is(err, errDied) || !strings.Contains(err.Error(), home) || !strings.Contains(err.Error(), "option regions") {
		t.Errorf("error %v", err)
	}
}
