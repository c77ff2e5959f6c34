package ebs

import (
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

// TestAnExpiredImageHidesNoGoodOne: parents and data sources pass over an image whose
// shelf life is over, whatever its version is, and so does the build.
func TestAnExpiredImageHidesNoGoodOne(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.build(r.tier("os-only", nil))
	good, _ := ami.Parse(r.image(region, first.Images[region]).Tags)
	newer := r.decoy(sandboxtest.Home, "newer", good, func(m *ami.Meta, _ map[string]string) { m.ExpiresAt = time.Now().Add(-time.Minute) })

	if again := r.build(r.tier("os-only", nil)); !again.Reused || again.Id() != first.Id() {
		t.Errorf("%q took the place of %q", again.Id(), first.Id())
	}
	if err := ami.SetState(t.Context(), r.EC2(sandboxtest.Home, region), ami.Revoked, first.Images[region]); err != nil {
		t.Fatal(err)
	}
	built := r.build(r.tier("os-only", nil))
	if says := "the shelf life of " + newer; built.Reused || !strings.Contains(r.output.String(), says) {
		t.Errorf("without it the output does not say %q:\n%s", says, r.output)
	}
}
