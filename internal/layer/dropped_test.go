package layer

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestNobodyWaitsForAParentWhoseTurnIsOver: Packer dropped the parent, which a build
// behind it shows, so the work of others is nothing to wait for.
func TestNobodyWaitsForAParentWhoseTurnIsOver(t *testing.T) {
	t.Parallel()
	other, parent, child := member("os-only", ""), member("os-only", ""), member("hybrid", "os-only")
	other.Family = "db"
	behind := member("full", "")
	for name, order := range map[string][]Member{
		"the child is behind it":       {other, parent, child},
		"a build that works is behind": {child, other, parent, behind},
	} {
		temp, joined := t.TempDir(), map[Key]*Session{}
		for _, m := range order {
			joined[m.Key] = joinHere(t, temp, m)
			if m.Key != parent.Key {
				if err := joined[m.Key].Start(); err != nil {
					t.Fatal(err)
				}
			}
		}
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			began := time.Now()
			_, err := joined[child.Key].Wait(ctx, parent.Key, nil)
			var failure *ParentError
			if waited := time.Since(began); !errors.As(err, &failure) || failure.Failure != ParentDropped || waited > 31*time.Second {
				t.Errorf("%s: after %v: %v", name, waited, err)
			}
		})
	}
}
