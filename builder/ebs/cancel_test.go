package ebs

import (
	"context"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// TestCancelWhileTheInstanceBoots presses Ctrl-C while a boot of an hour is under way:
// nothing waits for the end of it, and nothing is left.
func TestCancelWhileTheInstanceBoots(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		options fields
		during  string
	}{
		"when it was just launched": {fields{"communicator": "none"}, "RunInstances"},
		"while it is waited for":    {fields{"communicator": "none"}, "DescribeInstances"},
		"as a Spot instance":        {fields{"communicator": "none", "spot_price": "auto"}, "DescribeInstances"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRigWith(t, sandbox.Options{Delays: world.Delays{Boot: world.Duration(time.Hour)}})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r.sent.notice(tc.during, cancel)
			began := time.Now()
			if _, err := r.run(ctx, r.with(tc.options)); err == nil {
				t.Error("a cancelled build ended well")
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("it took %s to end\n%s", took, r.output)
			}
			if n := r.sent.count("RunInstances") + r.sent.count("CreateFleet"); n == 0 {
				t.Fatalf("nothing was launched\n%s", r.output)
			}
			r.clean()
		})
	}
}
