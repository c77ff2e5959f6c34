package rollback_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/rollback"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

// TestAtAnyCrash has the process die after each of its writes. Look-ups find a good
// image then, no pointer leads to a revoked one, and the next run completes it.
func TestAtAnyCrash(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		prepare func(r *rig, f family)
		change  func(f family) func(*rollback.Request)
	}{
		"to previous, with all that was built on it": {
			func(*rig, family) {},
			func(family) func(*rollback.Request) { return cascading },
		},
		"to a revoked version": {
			func(r *rig, f family) { r.revoke(f.old[ami.OSOnly]) },
			func(f family) func(*rollback.Request) {
				return func(r *rollback.Request) { r.Tier, r.To = ami.OSOnly, f.old[ami.OSOnly].meta.Version }
			},
		},
		"forward again": {
			func(r *rig, _ family) { r.run(ofBase) },
			func(f family) func(*rollback.Request) {
				return func(r *rollback.Request) {
					r.Tier, r.To, r.AllowNewer = ami.OSOnly, f.recent[ami.OSOnly].meta.Version, true
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for survived := int64(0); ; survived++ {
				r := newRig(t)
				f := r.family(ami.OSOnly, ami.Hybrid)
				tc.prepare(r, f)
				change := tc.change(f)
				p, err := r.engine().Plan(t.Context(), r.request(change))
				r.must(err)
				r.writes.Store(survived)
				err = r.engine().Execute(t.Context(), p)
				r.writes.Store(1 << 40)
				if err != nil && !errors.Is(err, errDied) {
					t.Fatal(err)
				}
				r.mustBeSound(fmt.Sprintf("after %d writes", survived), f)
				if again := r.run(change); again.Target.Version != p.Target.Version {
					t.Fatalf("after %d writes the next run went to %s, not to %s", survived, again.Target.Version, p.Target.Version)
				}
				if !r.run(change).Done() {
					t.Error("it is never done")
				}
				for _, v := range []*release{f.old[ami.OSOnly], f.recent[ami.OSOnly]} {
					if v.meta.Version == p.Target.Version {
						r.mustBe(v, ami.Good)
						r.mustLead(v)
					}
				}
				if err == nil { // it did not die any more
					if survived < 4 {
						t.Errorf("only %d writes: the test tests nothing", survived)
					}
					return
				}
			}
		})
	}
}

func (r *rig) revoke(v *release) {
	r.t.Helper()
	for region, id := range v.ids {
		r.must(ami.Revoke(r.t.Context(), r.EC2(sandboxtest.Home, region), "too old", r.now, id))
	}
}

// mustBeSound fails if a look-up finds nothing, or a pointer leads to what is revoked.
func (r *rig) mustBeSound(when string, f family) {
	r.t.Helper()
	for _, region := range []string{home, away} {
		for _, tier := range f.tiers {
			found, err := ami.Find(r.t.Context(), r.EC2(sandboxtest.Home, region), region, ami.Query{Family: "web", Tier: tier})
			r.must(err)
			if len(found) == 0 {
				r.t.Errorf("%s a look-up of %s in %s finds nothing", when, tier, region)
			}
			template, parameter, _ := r.leads(region, tier)
			for _, v := range []*release{f.old[tier], f.recent[tier]} {
				if _, meta := r.image(region, v.ids[region]); meta.State == ami.Revoked && (template == v.ids[region] || parameter == v.ids[region]) {
					r.t.Errorf("%s a pointer of %s in %s leads to a revoked image", when, tier, region)
				}
			}
		}
	}
}
